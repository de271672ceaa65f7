"""The edits as the client listed them, and what follows from that order (contract 3.1)."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from pixelshift.edits import types as edits
from pixelshift.edits.types import Edit, Fit
from pixelshift.errors import InvalidRequestError
from pixelshift.imaging import geometry, steps
from pixelshift.imaging.base import Header
from pixelshift.imaging.geometry import Size, Target, Turn
from pixelshift.imaging.steps import Step
from pixelshift.value import replace

_E = TypeVar("_E")


class Listing:
    """One stage of a request: asked in the engine's order, it answers with steps."""

    def __init__(self, listed: Sequence[Edit], header: Header, animated: bool, auto_orient: bool) -> None:
        self._header = header
        self._animated = animated
        self._auto_orient = auto_orient and not animated
        if animated:
            _refuse_on_frames(listed)
            skipped = edits.Rotate | edits.SmartCrop | edits.RoundCrop
            listed = [edit for edit in listed if not isinstance(edit, skipped)]
        self._edits = list(listed)
        self._latest: dict[type[Any], Edit] = {type(edit): edit for edit in self._edits}
        self.orients = self._auto_orient or any(
            isinstance(edit, edits.Rotate) and edit.angle is None for edit in self._edits
        )
        resize = self._last(edits.Resize)
        stored = Size(header.width, header.height)
        self.target = Target(None, None) if resize is None else geometry.target_of(resize, stored)
        self._resize_at = self._index(edits.Resize) if self.target.given else None
        self._cuts = self._all_cuts()
        self.rotates_before = self._rotates_before()

    # Order

    def _index(self, *kinds: type[Any]) -> int | None:
        return next((index for index, edit in enumerate(self._edits) if isinstance(edit, kinds)), None)

    def _last(self, kind: type[_E]) -> _E | None:
        return cast("_E | None", self._latest.get(kind))

    def _rotates_before(self) -> bool:
        """A rotation listed before a resize, a cut or a trim happens first; flip and flop go with it."""
        rotation = self._index(edits.Rotate)
        if rotation is None:
            return False
        later = self._edits[rotation + 1 :]
        resized = self._resize_at is not None and self._resize_at < rotation
        cuts = any(isinstance(edit, edits.Crop | edits.SmartCrop) for edit in later) and not resized
        resizes = self._resize_at is not None and self._resize_at > rotation
        return cuts or resizes or any(isinstance(edit, edits.Trim) for edit in later)

    def stages(self) -> "Iterator[Listing]":
        """The listing in parts, each but the last ending with an ellipse."""
        rest, header = self._edits, self._header
        while True:
            ellipse = next((index for index, edit in enumerate(rest) if isinstance(edit, edits.RoundCrop)), None)
            if ellipse is None:
                yield self if rest is self._edits else Listing(rest, header, self._animated, self._auto_orient)
                return
            stage = Listing(rest[: ellipse + 1], header, self._animated, self._auto_orient)
            yield stage
            rest = rest[ellipse + 1 :]
            header = replace(header, orientation=1) if stage.orients else header

    # Steps

    def filters(self, *kinds: type[Any]) -> list[Step]:
        return [steps.Filtered(self._latest[kind]) for kind in kinds if kind in self._latest]

    def each(self, kind: type[_E], step: Any) -> list[Step]:
        edit = self._last(kind)
        return [] if edit is None else [step(edit)]

    def _all_cuts(self) -> list[tuple[bool, Step]]:
        """(before the resize?, cut): before it only the first of those that were listed there."""
        cuts: list[tuple[bool, Step]] = []
        for index, edit in enumerate(self._edits):
            if isinstance(edit, edits.Crop | edits.SmartCrop):
                step = steps.Cut(edit) if isinstance(edit, edits.Crop) else steps.SmartCut(edit)
                resized = self._resize_at is not None and self._resize_at < index
                cuts.append((not resized and not any(before for before, _ in cuts), step))
        return cuts

    def cuts_before(self) -> list[Step]:
        return [step for before, step in self._cuts if before]

    def cuts_after(self) -> Iterator[Step]:
        """There is one cut of the result: of several the last counts, but a face is looked for where it was listed."""
        later = [step for before, step in self._cuts if not before]
        last = next((step for step in reversed(later) if isinstance(step, steps.Cut)), None)
        return (step for step in later if step is last or not isinstance(step, steps.Cut))

    def _upright(self) -> list[Turn]:
        return [geometry.upright(self._header.orientation)] if self.orients else []

    def _own_turns(self) -> list[Turn]:
        """Flip, flop, quarter turns."""
        turns = [Turn(flip=True)] if self._last(edits.Flip) else []
        turns += [Turn(flop=True)] if self._last(edits.Flop) else []
        angles = [edit.angle for edit in self._edits if isinstance(edit, edits.Rotate)]
        return turns + [Turn(int(angle % 360) // 90) for angle in angles if angle is not None and angle % 90 == 0]

    def _turns(self) -> tuple[list[Turn], list[Turn]]:
        """What turns before everything else, and what turns after the scaling."""
        upright, own = self._upright(), self._own_turns()
        cuts = self._last(edits.Trim) is not None or bool(self.cuts_before())
        orients_first = self.rotates_before or (self._auto_orient and cuts)
        first = upright * orients_first + own * self.rotates_before
        later = upright * (not orients_first) + own * (not self.rotates_before)
        return [turn for turn in first if not turn.still], [turn for turn in later if not turn.still]

    def free_rotation(self) -> Iterator[Step]:
        edit = next((e for e in reversed(self._edits) if isinstance(e, edits.Rotate) and e.angle is not None), None)
        if edit is not None and edit.angle is not None and edit.angle % 90:
            yield steps.Rotated(edit.angle)

    def turns_first(self) -> Iterator[Step]:
        yield from (steps.Turned(turn) for turn in self._turns()[0])
        if self.rotates_before:
            yield from self.free_rotation()

    def resize(self) -> Iterator[Step]:
        edit = self._last(edits.Resize) or edits.Resize()
        turns = tuple(self._turns()[1])
        if not self.target.given and not turns:
            return
        yield steps.Resized(
            self.target,
            edit.kernel,
            edit.position,
            edit.focal_point,
            edit.background,
            turns,
            swaps=any(turn in turns for turn in self._upright() if turn.quarters % 2),
            strip=self._animated,
        )

    def shrinks_on_load(self) -> bool:
        """Whether nothing needs the full pixels before the resize (contract 5.3)."""
        turned_first = any(True for _ in self.turns_first())
        needs_all = self._last(edits.Gamma) or self._last(edits.Trim) or self.cuts_before()
        return self.target.given and not turned_first and not needs_all

    @property
    def fast_shrink(self) -> bool:
        edit = self._last(edits.Resize)
        return edit is None or edit.fast_shrink_on_load

    def moderation(self, *, before_resize: bool) -> Iterator[Step]:
        """Where the picture is looked at: as it was when the client asked."""
        at = self._index(edits.ContentModeration)
        if at is not None:
            early = self._resize_at is None or at < self._resize_at
            if early == before_resize:
                yield from self.each(edits.ContentModeration, steps.Moderated)

    def blur(self) -> Iterator[Step]:
        edit, moderation = self._last(edits.Blur), self._last(edits.ContentModeration)
        if edit is not None or moderation is not None:
            yield steps.Blurred(edit, moderation)


def _refuse_on_frames(listed: Sequence[Edit]) -> None:
    for edit in listed:
        name = None
        match edit:
            case edits.Trim() | edits.Affine():
                name = type(edit).__name__.lower()
            case edits.Extend(extend_with=mode) if mode != "background":
                name = f"extendWith {mode}"
            case edits.Resize(
                position=edits.Position.ENTROPY | edits.Position.ATTENTION, fit=Fit.COVER, focal_point=None
            ):
                name = f"position {edit.position.value}"
        if name is not None:
            raise InvalidRequestError(
                f"{name} cannot be used on an animation; add animated=false for the first frame.",
                code="ProcessingFailure",
                status=500,  # as upstream: the contract's vectors hold us to it
            )
