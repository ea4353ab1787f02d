#!/bin/sh
echo "the schema engine is not installed: use npm run migrate" >&2
exit 1
