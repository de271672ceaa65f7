"""Pixelshift: pictures by URL, and change points in streams, on our own AVX2 kernels."""

__version__ = "0.1.0"

#: Part of every ETag: raise it when any kernel, codec setting or step changes what bytes a request yields.
ENGINE_VERSION = "1"
