/* SPDX-License-Identifier: MIT
 *
 * The files of templates/, as texts; templates.c is made of them.
 */
#ifndef PLUGIN_TOOL_TEMPLATES_H
#define PLUGIN_TOOL_TEMPLATES_H

extern const char template_filter_c[], template_filter_cc[], template_sink_c[], template_sink_cc[],
    template_test_filter_c[], template_test_sink_c[], template_Makefile[], template_manual_7[],
    template_README_md[];

#endif
