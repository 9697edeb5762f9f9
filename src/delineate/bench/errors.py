"""What the benchmark refuses."""

from ..errors import DelineateError


class BenchError(DelineateError, ValueError):
    """A run of the benchmark that makes no sense, or does not fit what its folder holds."""
