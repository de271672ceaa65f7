"""Drawings made harmless: an allow-list for elements, attributes and references (contract 6.3 and 8.3).

What is left can be served inline and rendered: no scripts, no foreign content, no references outside the document
except embedded pictures of bounded size, no deep nesting, and no expansion of ``use`` beyond a bound.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError, tostring

from pixelshift.errors import InvalidRequestError, TooLargeError, UnsupportedMediaError
from pixelshift.limits import Limits

SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {"": "", SVG: "", _XLINK: "xlink:", _XML: "xml:"}

_MAX_DEPTH = 128
_MAX_ELEMENTS = 100_000
_MAX_EXPANDED = 200_000
_MAX_PRIMITIVES = 200

_ELEMENTS = frozenset(
    """a altGlyph altGlyphDef altGlyphItem circle clipPath color-profile cursor defs desc ellipse feBlend feColorMatrix
    feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow
    feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset
    fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter font font-face g glyph glyphRef hkern image
    line linearGradient marker mask metadata missing-glyph mpath path pattern polygon polyline radialGradient rect stop
    style svg switch symbol text textPath title tref tspan use view vkern""".split()  # noqa: SIM905 - a table
)
_ANIMATIONS = frozenset({"animate", "animateColor", "animateMotion", "animateTransform", "set"})
_ANIMATED_REFERENCES = r"(?i)^(?:xlink:)?href$|^on|^style$"
_EMBEDDED = r"(?i)data:image/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]+)\Z"
_URL = r"(?is)url\(\s*(['\"]?)(.*?)\1\s*\)"
_ACTIVE = r"(?i)@import|expression\s*\(|javascript:|vbscript:|-moz-binding|behavior\s*:|@charset"
_CSS_COMMENT = r"(?s)/\*.*?\*/"
_DECLARATION = rb"""<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'][Uu][Tt][Ff]-8["'])?\s*\?>\s*"""
_BAD_CODE = "InstantiationError"


def sanitise(data: bytes, limits: Limits) -> bytes:
    """The same drawing as UTF-8 without anything active or external; one that has nothing of it keeps every byte.

    Raises TooLargeError over ``limits.svg_bytes`` or for too many elements, UnsupportedMediaError for what is not SVG,
    and InvalidRequestError (``InstantiationError``) for XML that is broken, declares entities or refers to itself.
    """
    if len(data) > limits.svg_bytes:
        raise TooLargeError(f"The drawing has more than {limits.svg_bytes} bytes.")
    root = _parsed(data)
    if _local(root.tag) != "svg":
        raise UnsupportedMediaError("The object is XML, but not a drawing.")
    plain = _is_plain(data, root)
    cleaner = _Cleaner(limits)
    cleaner.clean(root)
    _check_expansion(root)
    if plain and not cleaner.changed:
        return data
    root.set("xmlns", SVG)
    root.set("xmlns:xlink", _XLINK)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode()


def _is_plain(data: bytes, root: Element) -> bool:
    """Whether the bytes say no more than the tree: UTF-8, SVG's namespace, no DOCTYPE, comments or instructions."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    declared = re.match(_DECLARATION, data)
    body = data[declared.end() :] if declared else data
    return body.startswith(b"<") and b"<?" not in body and b"<!" not in body and root.tag == f"{{{SVG}}}svg"


def _parsed(data: bytes) -> Element:
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        root: Element = ElementTree.fromstring(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise InvalidRequestError("The drawing cannot be read.", code=_BAD_CODE, detail=str(error)) from error
    return root


def _local(name: object) -> str | None:
    """The name as it will be written, or ``None`` for another vocabulary's."""
    if not isinstance(name, str):
        return None
    namespace, found, local = name[1:].partition("}") if name.startswith("{") else ("", "}", name)
    prefix = _PREFIXES.get(namespace)
    return None if prefix is None or not found else prefix + local


class _Cleaner:
    """One walk over a tree, counting as it goes."""

    def __init__(self, limits: Limits) -> None:
        self._pixels_left = limits.source_pixels
        self._elements = 0
        self._primitives = 0
        self.changed = False
        """Whether anything was taken away."""

    def clean(self, root: Element) -> None:
        waiting = [(root, 1)]
        while waiting:
            element, depth = waiting.pop()
            self._count(element, depth)
            self._clean_one(element)
            for child in list(element):
                if self._welcome(child):
                    waiting.append((child, depth + 1))
                else:
                    self._remove(element, child)

    def _count(self, element: Element, depth: int) -> None:
        self._elements += 1
        self._primitives += str(_local(element.tag)).startswith("fe")
        if depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS or self._primitives > _MAX_PRIMITIVES:
            raise TooLargeError("The drawing has too many elements, or they are nested too deeply.")

    def _welcome(self, element: Element) -> bool:
        name = _local(element.tag)
        if name in _ANIMATIONS:
            target = element.get("attributeName", "")
            return not re.match(_ANIMATED_REFERENCES, target.strip())
        return name in _ELEMENTS

    def _clean_one(self, element: Element) -> None:
        name = element.tag = str(_local(element.tag))
        for key, value in list(element.attrib.items()):
            del element.attrib[key]
            kept = _local(key)
            if kept is not None and self._keeps(name, kept, value):
                element.set(kept, value)
            else:
                self.changed = True
        if name == "style":
            css = re.sub(_CSS_COMMENT, "", (element.text or "") + "".join(child.tail or "" for child in element))
            for child in list(element):
                self._remove(element, child)
            if not _harmless_css(css):
                self.changed, css = True, ""
            element.text = css

    def _remove(self, parent: Element, child: Element) -> None:
        """Without the text that follows it; drawings keep no meaning there."""
        parent.remove(child)
        self.changed = True

    def _keeps(self, element: str, name: str, value: str) -> bool:
        lower = name.lower()
        if lower.startswith("on") or lower in {"xml:base", "src", "formaction", "ping"}:
            return False
        if lower in {"href", "xlink:href"}:
            target = value.strip()
            return target.startswith("#") or (element in {"image", "feImage"} and self._embeds(target))
        return _harmless_css(re.sub(_CSS_COMMENT, "", value))

    def _embeds(self, target: str) -> bool:
        """Whether this is a picture carried inside the document, of a kind and size that may be decoded."""
        from pixelshift.imaging.header import read_header

        match = re.match(_EMBEDDED, target)
        if match is None:
            return False
        try:
            header = read_header(base64.b64decode(match[1]))
        except (binascii.Error, UnsupportedMediaError, InvalidRequestError):
            return False
        self._pixels_left -= header.width * header.height * header.pages
        return header.format.value != "svg+xml" and self._pixels_left >= 0


def _harmless_css(css: str) -> bool:
    """No escapes, imports, scripts, or references outside the document."""
    if "\\" in css or re.search(_ACTIVE, css):
        return False
    without = re.sub(_URL, lambda match: "" if match[2].strip().startswith("#") else match[0], css)
    return "url(" not in without.lower() and "image-set(" not in without.lower()


def _references(element: Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        if name in {"href", "xlink:href"} and value.strip().startswith("#"):
            yield value.strip()[1:]
        elif "url(" in value:
            yield from (match[2].strip()[1:] for match in re.finditer(_URL, value))


def _check_expansion(root: Element) -> None:
    """Refuse references that multiply: what is drawn counts as often as it is referred to."""
    named = {identity: element for element in root.iter() if (identity := element.get("id")) is not None}
    sizes: dict[Element, int] = {}
    if _expanded(root, named, sizes) > _MAX_EXPANDED:
        raise TooLargeError("The drawing refers to its own parts too often.")


_OPEN = -1


def _expanded(root: Element, named: Mapping[str, Element], sizes: dict[Element, int]) -> int:
    """Elements drawn for ``root``, depth first without recursion; a cycle counts as nothing, as renderers treat it."""
    stack = [root]
    while stack:
        element = stack[-1]
        if sizes.get(element, _OPEN) >= 0:
            stack.pop()
            continue
        parts = [*element, *(named[name] for name in _references(element) if name in named)]
        if element not in sizes:
            sizes[element] = _OPEN
            stack += [part for part in parts if part not in sizes]
            continue
        sizes[element] = min(_MAX_EXPANDED + 1, 1 + sum(max(0, sizes.get(part, 0)) for part in parts))
        stack.pop()
    return sizes[root]
