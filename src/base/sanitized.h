/* SPDX-License-Identifier: MIT
 *
 * Whether this is built with a sanitizer that has handlers, and stacks for them, of its own; gcc
 * and clang say it in different ways.
 */
#ifndef BASE_SANITIZED_H
#define BASE_SANITIZED_H

#if defined __SANITIZE_ADDRESS__
#define SANITIZED_ADDRESS 1
#elif defined __SANITIZE_THREAD__
#define SANITIZED_THREAD 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED_ADDRESS 1
#elif __has_feature(thread_sanitizer)
#define SANITIZED_THREAD 1
#endif
#endif

#ifndef SANITIZED_ADDRESS
#define SANITIZED_ADDRESS 0
#endif
#ifndef SANITIZED_THREAD
#define SANITIZED_THREAD 0
#endif

#if SANITIZED_ADDRESS || SANITIZED_THREAD
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#endif
