#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# build.sh COMPILER PKG_CONFIG_PATH WORK_FOLDER VERSION - the consumer with pkg-config and nothing else
#
# The headers are not system headers here, so they must be free of warnings.
set -eu
export PKG_CONFIG_PATH=$2
found=$(pkg-config --modversion milter-toolkit)
[ "$found" = "$4" ] || { echo "milter-toolkit.pc says version $found, not $4" >&2; exit 1; }
# shellcheck disable=SC2046 # pkg-config prints several words
"$1" -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
    "$(dirname "$0")/../consumer.cpp" -o "$3/pkg_config_consumer" $(pkg-config --cflags --libs milter-toolkit)
exec "$3/pkg_config_consumer"
