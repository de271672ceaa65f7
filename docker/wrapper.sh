#!/bin/sh
# An example of a wrapper: AWS_LAMBDA_EXEC_WRAPPER=/opt/wrapper.sh runs it in front of the runtime, whose command line it
# gets and must end in. Lambda looks at that variable in its own images only; here docker/entry.sh does.
# This one sets variables by STAGE: `test` makes errors of Python's warnings, `scalar` renders without AVX2.
set -eu
case ${STAGE:-production} in
test) export PYTHONWARNINGS=error PYTHONFAULTHANDLER=1 ;;
scalar) export PIXELSHIFT_CPU=scalar ;;
esac
exec "$@"
