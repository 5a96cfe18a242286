#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Makes printable_table.c, from the Unicode data that comes with Perl:
#
#     src/base/printable_table.pl > src/base/printable_table.c
#
# A character that a newer Unicode has is escaped until this is run with a newer Perl.
use strict;
use warnings;
use Unicode::UCD;

# Letters, marks, numbers, punctuation and symbols; of the spaces, that of ASCII alone.  Not what shows
# nothing, whatever it is counted among.
sub is_printable {
    my $char = shift;
    return $char eq ' '
        || ($char =~ /[\p{L}\p{M}\p{N}\p{P}\p{S}]/ && $char !~ /[\p{Default_Ignorable_Code_Point}\x{2800}]/);
}

# Where it begins, and where it ends, and where it begins again.
sub print_bounds {
    my ($name, $what, $is) = @_;
    my ($before, @bounds) = (0);
    for my $code (0 .. 0x10ffff) {
        no warnings 'utf8';
        my $now = ($code < 0xd800 || $code > 0xdfff) && $is->(chr $code) ? 1 : 0;
        push @bounds, $code if $now != $before;
        $before = $now;
    }
    print "\n/* $what */\nconst uint32_t ${name}[] = {\n";
    while (my @line = splice @bounds, 0, 9) {
        print '    ', join(', ', map { sprintf '0x%04x', $_ } @line), ",\n";
    }
    print "};\nconst unsigned ${name}_count = sizeof $name / sizeof ${name}[0];\n";
}

printf <<'END', Unicode::UCD::UnicodeVersion();
/* SPDX-License-Identifier: MIT
 *
 * Made by printable_table.pl from Unicode %s.
 */
#include "printable_table.h"

/* clang-format off */
END
print_bounds('printable_bounds', 'Characters that show something', \&is_printable);
print_bounds('printable_marks', 'Those of them that stand on or around the one before',
             sub { $_[0] =~ /\p{M}/ && is_printable($_[0]) });
