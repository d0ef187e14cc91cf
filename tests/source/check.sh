#!/bin/sh
# The rules about our sources that no compiler knows. Says what is wrong, where, and what to do instead; 0 where all is
# well. Usage: tests/source/check.sh [ROOT]
exec /usr/bin/python3 "$(dirname "$0")/check.py" "${1:-$(dirname "$0")/../..}"
