# SPDX-License-Identifier: MIT
include %D%/catalog/local.mk
include %D%/config/local.mk
include %D%/host/local.mk
include %D%/flow/local.mk
include %D%/live/local.mk
include %D%/replay/local.mk
include %D%/state/local.mk
include %D%/control/local.mk
# collector: tests/e2e/sinks.py
# crash: tests/e2e/misuse.py
# decode: tests/e2e/formats.py
# decode_input: tests/e2e/formats.py
# restart: tests/e2e/restart.py
# requests: tests/e2e/reload.py
# environment: tests/e2e/configuration.py
# ending: tests/e2e/misuse.py
# ledger: tests/e2e/accounting.py
# loop: tests/e2e/signals.py
# numbering: tests/e2e/keys.py
# overrun: tests/e2e/told.py
# plain: tests/e2e/told.py
# reload: tests/e2e/reload.py
# watchdog: tests/e2e/misuse.py
# main: tests/e2e/configuration.py
