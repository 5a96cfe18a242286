# SPDX-License-Identifier: MIT
include %D%/catalog/local.mk
include %D%/config/local.mk
include %D%/host/local.mk
include %D%/flow/local.mk
include %D%/live/local.mk
include %D%/replay/local.mk
include %D%/state/local.mk
