# ruff: noqa: E501  # one explanation per line reads as the table that it is
"""What each error code means, for people: the page that error bodies link to; ``docs/reference/errors.md`` is its twin."""

import html
from typing import NamedTuple

from fastapi.responses import HTMLResponse


class Explanation(NamedTuple):
    """One code, the statuses it comes with, and what to do about it."""

    code: str
    status: str
    meaning: str


EXPLANATIONS = (
    Explanation("InvalidParameter", "400", "An edit or parameter has a value that cannot be used; the message names it. Correct the URL."),
    Explanation("InvalidResizeException", "400", "A width or height is zero or negative. Leave it out, or ask for at least one pixel."),
    Explanation("Crop::AreaOutOfBounds", "400", "The cut does not lie within the picture. Coordinates are those of the stored picture, unless a rotation is listed first."),
    Explanation("InstantiationError", "400", "The stored picture cannot be decoded, or is larger than the service accepts."),
    Explanation("OverlayImageException", "400", "The overlay picture is missing, cannot be decoded, or would have no size."),
    Explanation("BadRequest", "400", "The overlay is larger than the picture, or the picture has a depth that cannot be read."),
    Explanation("SmartCrop::FaceIndexOutOfRange", "400", "The picture has fewer faces than `faceIndex` asks for."),
    Explanation("SmartCrop::PaddingOutOfBounds", "400", "The padding leaves nothing of the face."),
    Explanation("RequestTypeError", "400, 415", "400: the path is of no known kind; use a supported extension or a base64 body. 415: the stored object is no picture."),
    Explanation("DecodeRequest::CannotDecodeRequest", "400", "The base64 body is no JSON object with a key, or is nested too deeply."),
    Explanation("DecodeRequest::CannotReadPath", "400", "The path has an escape that is not UTF-8 text. Encode the URL as UTF-8, each `%` with two hexadecimal digits."),
    Explanation("QueryParameterParsingError", "400", "A query value is not text."),
    Explanation("GetAllowedSourceBuckets::NoSourceBuckets", "400", "The operator has set no `SOURCE_BUCKETS`."),
    Explanation("ImageRequestExpiryFormat", "400", "`expires` must be a UTC time such as 20301231T235959Z."),
    Explanation("ImageRequestExpired", "400", "The link's time is over. Ask its maker for a new one."),
    Explanation("AuthorizationQueryParametersError", "400", "The service answers signed URLs only, and this one has no `signature`."),
    Explanation("UnsupportedOutputImageFormatException", "400", "The output format has no encoder here."),
    Explanation("SignatureDoesNotMatch", "403", "The signature fits neither the path nor the query. Sign exactly what is sent, with the query sorted and decoded."),
    Explanation("ImageBucket::CannotAccessBucket", "403", "The bucket is not on the operator's list."),
    Explanation("Forbidden", "403", "The service refuses this, whoever asks again."),
    Explanation("Unauthorized", "401", "The administration needs its token: `Authorization: Bearer …`."),
    Explanation("NoSuchKey", "404", "There is no such object, or the service may not read it."),
    Explanation("MethodNotAllowed", "405", "Pictures are read: use GET or HEAD."),
    Explanation("TooLargeImageException", "413", "The original, the result or the work is beyond a limit. Ask for a smaller picture."),
    Explanation("RequestUriTooLong", "414", "The URL is longer than the operator allows."),
    Explanation("UnsupportedMediaType", "415", "The stored bytes are of no kind that can be read."),
    Explanation("ProcessingFailure", "500", "A decoder or encoder failed on this picture; or an argument is one of the few that upstream answers so (an unknown fit, position or kernel, a number for trim, some edits of animations), and the message names it."),
    Explanation("SmartCrop::Error", "500", "The service that finds faces failed."),
    Explanation("Rekognition::DetectModerationLabelsError", "500", "The service that judges content failed. (Where none is configured, `contentModeration` is `InvalidParameter`.)"),
    Explanation("SignatureValidationFailure", "500", "The signing key could not be read. The operator must look at the secret."),
    Explanation("InternalError", "500", "A fault of ours. The service's log has the reason under the request's id."),
    Explanation("OriginFailure", "502, 503", "The place where originals lie failed or is too slow. Try again after `Retry-After`."),
    Explanation("ImageRetrieval::CannotRetrieveImage", "502", "The original broke off while it was read. Try again."),
    Explanation("TooManyRequests", "429", "This client has more pictures made, or asks for new ones faster, than the operator allows one. Try again after `Retry-After`."),
    Explanation("Overloaded", "503", "Too much work at once. Try again after `Retry-After`."),
    Explanation("ShuttingDown", "503", "This process is going away; the next one will answer."),
    Explanation("TimeoutException", "503", "The work took longer than its limit. Ask for a smaller picture or fewer edits."),
)  # fmt: skip


def error_page() -> HTMLResponse:
    """The table as a plain page with one anchor per code."""
    rows = "".join(
        f'<tr id="{html.escape(one.code)}"><td><code>{html.escape(one.code)}</code></td>'
        f"<td>{one.status}</td><td>{html.escape(one.meaning)}</td></tr>"
        for one in EXPLANATIONS
    )
    document = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Pixelshift: errors</title>'
        "<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}"
        "td{padding:.4rem .8rem;vertical-align:top;border-top:1px solid #ccc}tr:target{background:#ffd}</style>"
        f"<h1>Errors</h1><table>{rows}</table></html>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return HTMLResponse(document, headers={"Content-Security-Policy": policy, "Cache-Control": "max-age=3600"})
