"""Loops that are compiled to machine code, and the functions of pdfium that they may call.

Belongs here: how a loop is compiled, and the signature of each function of pdfium that such a loop asks
once for every character or object of a page; from Python each such call costs more than what it asks for.
Does not belong here: the loops themselves, which stand where their results are understood, and calls
that are made once for a page.

Compiled code is kept by numba between runs, beside the module or in the user's cache folder, and made
anew when the module changes. Handles and addresses are plain integers here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding
import pypdfium2.raw as raw
from numba import njit, types

_Loop = TypeVar("_Loop", bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[_Loop], _Loop]:
    """Compile a loop for arguments of these types, or take what was compiled before, when it is defined.

    The signature is numba's, answer first: ``intp(float64[:, ::1], intp)``.
    """

    def compile_now(loop: _Loop) -> _Loop:
        try:
            return cast(_Loop, njit(signature, cache=True)(loop))
        except RuntimeError:  # no folder may be written to: compiled for this process only
            return cast(_Loop, njit(signature)(loop))

    return compile_now


def _function(name: str, answer: Any, *arguments: Any) -> Any:
    """A function of pdfium, linked by its name so that code that calls it can be kept."""
    address = ctypes.cast(getattr(raw, name), ctypes.c_void_p).value
    llvmlite.binding.add_symbol(name, address)
    return types.ExternalFunction(name, answer(*arguments))


_int, _unsigned, _float, _at = types.intc, types.uintc, types.float32, types.intp

unicode_of = _function("FPDFText_GetUnicode", _unsigned, _at, _int)
has_map_error = _function("FPDFText_HasUnicodeMapError", _int, _at, _int)
loose_box_of = _function("FPDFText_GetLooseCharBox", _int, _at, _int, _at)
origin_of = _function("FPDFText_GetCharOrigin", _int, _at, _int, _at, _at)
angle_of = _function("FPDFText_GetCharAngle", _float, _at, _int)
fill_colour_of = _function("FPDFText_GetFillColor", _int, _at, _int, _at, _at, _at, _at)

count_objects = _function("FPDFPage_CountObjects", _int, _at)
object_of = _function("FPDFPage_GetObject", _at, _at, _int)
count_form_objects = _function("FPDFFormObj_CountObjects", _int, _at)
form_object_of = _function("FPDFFormObj_GetObject", _at, _at, types.ulong)
type_of = _function("FPDFPageObj_GetType", _int, _at)
matrix_of = _function("FPDFPageObj_GetMatrix", _int, _at, _at)
bounds_of = _function("FPDFPageObj_GetBounds", _int, _at, _at, _at, _at, _at)
font_of = _function("FPDFTextObj_GetFont", _at, _at)
is_embedded = _function("FPDFFont_GetIsEmbedded", _int, _at)
set_stroke_width = _function("FPDFPageObj_SetStrokeWidth", _int, _at, _float)
transform = _function("FPDFPageObj_Transform", types.void, _at, *[types.float64] * 6)
set_render_mode = _function("FPDFTextObj_SetTextRenderMode", _int, _at, _int)
render_mode_of = _function("FPDFTextObj_GetTextRenderMode", _int, _at)
draw_mode_of = _function("FPDFPath_GetDrawMode", _int, _at, _at, _at)
count_segments = _function("FPDFPath_CountSegments", _int, _at)
segment_of = _function("FPDFPath_GetPathSegment", _at, _at, _int)
segment_point = _function("FPDFPathSegment_GetPoint", _int, _at, _at, _at)
segment_type = _function("FPDFPathSegment_GetType", _int, _at)
segment_closes = _function("FPDFPathSegment_GetClose", _int, _at)


def address_of(handle: Any) -> int:
    """The address behind one of pdfium's handles; 0 for none."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0
