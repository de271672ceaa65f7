"""The native detector of change points."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from pixelshift._native._cpu cimport level_of, pixelshift_cpu_level

cdef extern from "pixelshift/changepoint.h" nogil:
    ctypedef enum pixelshift_changepoint_status:
        PIXELSHIFT_CHANGEPOINT_OK
        PIXELSHIFT_CHANGEPOINT_NO_MEMORY
        PIXELSHIFT_CHANGEPOINT_TOO_LONG
    ctypedef struct pixelshift_changepoint_options:
        double alpha
        double threshold
        int64_t window
        int64_t startup
        int64_t max_points
        int gate
        int noise_unit
        int pettitt_location
        int standardized_statistic
        int anytime
        int ar1
        int remove_trend
        int keep_since_change
        int plain
        pixelshift_cpu_level level
    ctypedef struct pixelshift_change:
        int64_t index
        int64_t detected_at
        int64_t n_before
        int64_t n_after
        double p_value
        double offset
        double offset_low
        double offset_high
        double before
        double after
        int rising
    ctypedef struct pixelshift_gap:
        int64_t index
        int64_t missing
    ctypedef struct pixelshift_changepoint_segment:
        const double *values
        int64_t count
        const pixelshift_gap *gaps
        int64_t gap_count
        int64_t start
        int64_t position
    ctypedef struct pixelshift_changepoint_effort:
        int64_t syncs
        int64_t passes
    ctypedef struct pixelshift_changepoint
    pixelshift_changepoint *pixelshift_changepoint_new(const pixelshift_changepoint_options *options)
    void pixelshift_changepoint_free(pixelshift_changepoint *detector)
    pixelshift_changepoint_status pixelshift_changepoint_extend(
        pixelshift_changepoint *detector, pixelshift_change *changes, int64_t *change_count, int64_t *taken,
        const double *values, int64_t count, int64_t capacity)
    pixelshift_changepoint_segment pixelshift_changepoint_export(pixelshift_changepoint *detector)
    pixelshift_changepoint_status pixelshift_changepoint_import(
        pixelshift_changepoint *detector, const pixelshift_changepoint_segment *segment)
    pixelshift_changepoint_effort pixelshift_changepoint_spent(const pixelshift_changepoint *detector)
    pixelshift_changepoint_status pixelshift_changepoint_maximum(pixelshift_changepoint *detector, int64_t *maximum)

cdef enum:
    CHANGES_PER_CALL = 16
    SHORT_BATCH = 32


class SegmentTooLongError(OverflowError):
    """A segment outgrew what the native detector can index."""


cdef class Core:
    """A detector; ``options`` by the names of ``pixelshift_changepoint_options``, validated by the caller.

    ``cpu`` forces an instruction-set level at most that of the machine, ``plain`` the O(T) pass at every point. Once a
    call has raised MemoryError the detector is lost, and so does every later one.
    """

    cdef pixelshift_changepoint *detector
    cdef bint is_lost

    def __cinit__(self, *, double alpha, double threshold, int64_t window, int64_t startup, int64_t max_points,
                  bint gate, bint noise_unit, bint pettitt_location, bint standardized_statistic, bint anytime,
                  bint ar1, bint remove_trend, bint keep_since_change, bint plain=False, cpu=None):
        cdef pixelshift_changepoint_options options
        options.alpha = alpha
        options.threshold = threshold
        options.window = window
        options.startup = startup
        options.max_points = max_points
        options.gate = gate
        options.noise_unit = noise_unit
        options.pettitt_location = pettitt_location
        options.standardized_statistic = standardized_statistic
        options.anytime = anytime
        options.ar1 = ar1
        options.remove_trend = remove_trend
        options.keep_since_change = keep_since_change
        options.plain = plain
        options.level = level_of(cpu)
        self.detector = pixelshift_changepoint_new(&options)
        if self.detector is NULL:
            raise MemoryError("no memory for a detector")

    def __dealloc__(self):
        pixelshift_changepoint_free(self.detector)

    cdef pixelshift_changepoint *live(self) except NULL:
        if self.is_lost:
            raise MemoryError("the detector was lost when there was no memory for its segment")
        return self.detector

    cdef int check(self, pixelshift_changepoint_status status) except -1:
        if status == PIXELSHIFT_CHANGEPOINT_NO_MEMORY:
            self.is_lost = True  # half changed: may only be freed
            raise MemoryError("no memory for the detector's segment")
        if status == PIXELSHIFT_CHANGEPOINT_TOO_LONG:
            raise SegmentTooLongError("a segment outgrew 2^28 observations: set max_points")
        return 0

    def push(self, double value):
        """Takes one value; the change as a tuple in the order of ChangePoint's fields, or None."""
        cdef pixelshift_change change
        cdef int64_t found, taken
        self.check(pixelshift_changepoint_extend(self.live(), &change, &found, &taken, &value, 1, 1))
        return as_tuple(&change) if found else None

    def extend(self, const double[::1] values):
        """Takes all values, without the GIL when there are many; the changes as tuples."""
        cdef pixelshift_change changes[CHANGES_PER_CALL]
        cdef int64_t found = 0, taken = 0, at = 0, count = values.shape[0]
        cdef pixelshift_changepoint *detector = self.live()
        cdef pixelshift_changepoint_status status
        result = []
        while at < count:
            if count - at <= SHORT_BATCH:
                status = pixelshift_changepoint_extend(
                    detector, changes, &found, &taken, &values[at], count - at, CHANGES_PER_CALL)
            else:
                with nogil:
                    status = pixelshift_changepoint_extend(
                        detector, changes, &found, &taken, &values[at], count - at, CHANGES_PER_CALL)
            self.check(status)
            at += taken
            for i in range(found):
                result.append(as_tuple(&changes[i]))
        return result

    @property
    def position(self):
        """Position of the next observation."""
        return pixelshift_changepoint_export(self.live()).position

    def export_segment(self):
        """``(position, start, [(index, missing), ...], bytes of the values in native order)``."""
        cdef pixelshift_changepoint_segment segment = pixelshift_changepoint_export(self.live())
        gaps = [(segment.gaps[i].index, segment.gaps[i].missing) for i in range(segment.gap_count)]
        values = b"" if segment.count == 0 else (<const char *>segment.values)[: segment.count * sizeof(double)]
        return segment.position, segment.start, gaps, values

    def import_segment(self, int64_t position, int64_t start, list gaps, const double[::1] values):
        """Goes on from what :meth:`export_segment` told."""
        cdef pixelshift_changepoint_segment segment
        cdef pixelshift_changepoint *detector = self.live()
        cdef Py_ssize_t i, gap_count = len(gaps)
        cdef pixelshift_changepoint_status status
        cdef pixelshift_gap *copied = <pixelshift_gap *>malloc((gap_count + 1) * sizeof(pixelshift_gap))
        if copied is NULL:
            raise MemoryError("no memory for the gaps of a segment")
        try:
            for i in range(gap_count):
                copied[i].index, copied[i].missing = gaps[i]
            segment.values = &values[0] if values.shape[0] else NULL
            segment.count = values.shape[0]
            segment.gaps = copied
            segment.gap_count = gap_count
            segment.start = start
            segment.position = position
            with nogil:
                status = pixelshift_changepoint_import(detector, &segment)
            self.check(status)
        finally:
            free(copied)

    def spent(self):
        """``(syncs of the lazy index, O(T) passes)`` so far."""
        cdef pixelshift_changepoint_effort effort = pixelshift_changepoint_spent(self.live())
        return effort.syncs, effort.passes

    def maximum(self):
        """K of the running segment, None below two points."""
        cdef int64_t maximum
        self.check(pixelshift_changepoint_maximum(self.live(), &maximum))
        return None if pixelshift_changepoint_export(self.live()).count < 2 else maximum


cdef tuple as_tuple(const pixelshift_change *change):
    return (
        change.index, change.detected_at, change.p_value, change.offset, change.offset_low, change.offset_high,
        "increase" if change.rising else "decrease", change.before, change.after, change.n_before, change.n_after,
    )
