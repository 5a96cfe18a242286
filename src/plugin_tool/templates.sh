#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes C of text files: the file NAME.in becomes the text template_NAME, with '_' for '.'.
printf '/* Made by templates.sh. */\n#include "plugin_tool/templates.h"\n'
for file in "$@"; do
  name=$(basename "$file" .in | tr . _)
  printf '\nconst char template_%s[] =\n' "$name"
  sed 's/[\\"]/\\&/g; s/.*/    "&\\n"/' "$file"
  printf '    "";\n'
done
