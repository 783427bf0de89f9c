"""Vectors of 16 single-precision numbers in functions that numba compiles, and array elements without any checks."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from overgan.models.kernels._lanes import LANES

_FLOATS = ir.VectorType(ir.FloatType(), LANES)


class _VectorType(types.Type):
    def __init__(self) -> None:
        super().__init__(f"float32x{LANES}")


_vector = _VectorType()


@register_model(_VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any):
        super().__init__(manager, kind, _FLOATS)


def _element(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


def _vector_at(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.bitcast(_element(context, builder, array_type, array, index), _FLOATS.as_pointer())


def _splat(builder: Any, number: Any) -> Any:
    first = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), number, ir.IntType(32)(0))
    return _shuffle(builder, (first, first), [0] * LANES)


@intrinsic
def load(_typing: Any, array: Any, index: Any) -> Any:
    """array[index : index + LANES]."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_vector_at(context, builder, signature.args[0], *args), align=4)

    return _vector(array, types.intp), code


@intrinsic
def store(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index : index + LANES] = value."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _vector_at(context, builder, signature.args[0], *args[:2]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), code


@intrinsic
def add_product(_typing: Any, total: Any, array: Any, index: Any, value: Any) -> Any:
    """The sum total + array[index] · value, rounded once where the processor has such an instruction."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        factor = builder.load(_element(context, builder, signature.args[1], args[1], args[2]))
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_FLOATS, [_FLOATS] * 3), f"llvm.fmuladd.v{LANES}f32"
        )
        return builder.call(fma, [_splat(builder, factor), args[3], args[0]])

    return total(total, array, types.intp, value), code


@intrinsic
def leaky_relu(_typing: Any, value: Any, slope: Any) -> Any:
    """The greater of value and slope · value, for a slope of at most 1."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        scaled = builder.fmul(args[0], _splat(builder, args[1]))
        return builder.select(builder.fcmp_ordered(">", scaled, args[0]), scaled, args[0])

    return value(value, types.float32), code


def _shuffle(builder: Any, args: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(*args, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))


def _interleaved(begin: int) -> Any:
    lanes = [i // 2 + i % 2 * LANES for i in range(begin, begin + LANES)]
    return lambda _context, builder, _signature, args: _shuffle(builder, args, lanes)


@intrinsic
def low(_typing: Any, first: Any, second: Any) -> Any:
    """The first half of first[0], second[0], first[1], second[1], …."""
    return first(first, second), _interleaved(0)


@intrinsic
def high(_typing: Any, first: Any, second: Any) -> Any:
    """The second half of first[0], second[0], first[1], second[1], …."""
    return first(first, second), _interleaved(LANES)


@intrinsic
def store_fours(_typing: Any, array: Any, index: Any, stride: Any, value: Any) -> Any:
    """array[index + i · stride : … + 4] = value[4 i : 4 i + 4], for all i."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target, index, stride, value = args
        for i in range(0, LANES, 4):
            four = _shuffle(builder, (value, value), list(range(i, i + 4)))
            at = _element(context, builder, signature.args[0], target, index)
            builder.store(four, builder.bitcast(at, four.type.as_pointer()), align=4)
            index = builder.add(index, stride)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, value), code


@intrinsic
def splat(_typing: Any, number: Any) -> Any:
    """A vector of that number."""
    return _vector(types.float32), lambda _context, builder, _signature, args: _splat(builder, args[0])


@intrinsic
def get(_typing: Any, array: Any, index: Any) -> Any:
    """array[index]."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_element(context, builder, signature.args[0], *args))

    return array.dtype(array, types.intp), code


@intrinsic
def put(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index] = value."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _element(context, builder, signature.args[0], *args[:2]))
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), code
