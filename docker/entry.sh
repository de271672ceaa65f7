#!/bin/sh
# Starts a handler: with Lambda's Runtime API where there is one, else under AWS's emulator of it on port 8080.
# The first argument (CMD) names the handler. PIXELSHIFT_OVERSIZE=stream chooses our own runtime, which streams answers.
set -eu
runtime=awslambdaric
if [ "${PIXELSHIFT_OVERSIZE:-}" = stream ]; then runtime=pixelshift.aws.runtime; fi
set -- /opt/venv/bin/python -m "$runtime" "$@"
if [ -n "${AWS_LAMBDA_EXEC_WRAPPER:-}" ]; then set -- "$AWS_LAMBDA_EXEC_WRAPPER" "$@"; fi
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then exec "$@"; fi
exec /usr/local/bin/aws-lambda-rie "$@"
