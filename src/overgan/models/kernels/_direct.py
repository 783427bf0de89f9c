"""Convolutions whose vectors run over the images of a batch, so that narrow layers fill them as well as wide ones.

A strided convolution makes a small image from a large one, its transpose a large one from a small one. Images lie in
memory as (replicas, blocks, pixels, channels, LANES), a block being LANES images of one replica, flattened here.
"""

from functools import cache
from typing import NamedTuple

import numba
import numpy as np
from jaxtyping import Int64

from overgan.models.kernels._lanes import LANES
from overgan.models.kernels._simd import add_product, get, high, leaky_relu, load, low, put, splat, store, store_fours

TILE = 4  # channels whose sums share a loaded vector: with two registers a vector, enough to hide an addition's latency
GROUP = 256  # products that are added up at once by `correlate`: their operands fit the first-level cache


class Taps(NamedTuple):
    """For every pixel of the result, runs of neighbouring source pixels and the taps of the kernel that they meet.

    Pixel p has the runs first[p] … first[p + 1] − 1. Run j has length[j] source pixels from pixel[j] on, which meet the
    taps from place[j] on in the order `order`.
    """

    order: Int64[np.ndarray, " taps"]
    first: Int64[np.ndarray, " pixels_and_1"]
    pixel: Int64[np.ndarray, " runs"]
    place: Int64[np.ndarray, " runs"]
    length: Int64[np.ndarray, " runs"]


@cache
def taps(pixels: int, kernel: int, stride: int, transposed: bool) -> Taps:
    """Of the convolution from pixels × pixels, padded by kernel // 2, or of its transpose."""
    size = pixels // stride
    row, column, down, right = (a.ravel() for a in np.indices((size, size, kernel, kernel)))
    y, x = row * stride + down - kernel // 2, column * stride + right - kernel // 2
    inside = (y >= 0) & (y < pixels) & (x >= 0) & (x < pixels)
    small, large, tap = (a[inside] for a in (row * size + column, y * pixels + x, down * kernel + right))
    down, right = np.divmod(np.arange(kernel**2), kernel)
    # in the transpose neighbouring source pixels meet every stride-th tap, backwards
    order = np.lexsort((-right, -down, right % stride, down % stride)) if transposed else np.arange(kernel**2)
    target, source, place = (large, small, np.argsort(order)[tap]) if transposed else (small, large, tap)
    sort = np.lexsort((source, target))
    target, source, place = target[sort], source[sort], place[sort]
    goes_on = (np.diff(target) == 0) & (np.diff(source) == 1) & (np.diff(place) == 1)
    begins = np.flatnonzero(np.append(True, ~goes_on))
    first = np.searchsorted(target[begins], np.arange((pixels if transposed else size) ** 2 + 1))
    return Taps(order, first, source[begins], place[begins], np.diff(begins, append=len(target)))


@numba.njit(cache=True, nogil=True)
def pack(weights, order, transposed, out, replicas, outputs, channels):
    """The weights as `gather` takes them, from (replicas, outputs, channels, taps), or (…, channels, outputs, taps)."""
    # where the neighbouring output, and the neighbouring channel, of a weight lie
    tiles, taps = -(-outputs // TILE), len(order)
    stride_o, stride_c = (taps, outputs * taps) if transposed else (channels * taps, taps)
    at = 0
    for replica in range(replicas):
        for tile in range(tiles):
            for tap in range(taps):
                first = replica * outputs * channels * taps + tile * TILE * stride_o + get(order, tap)
                for c in range(channels):
                    for lane in range(TILE):
                        here = tile * TILE + lane < outputs
                        put(out, at, get(weights, first + c * stride_c + lane * stride_o) if here else np.float32(0))
                        at += 1


@numba.njit(cache=True, nogil=True)
def gather(begin, end, source, weights, bias, slope, out, blocks, channels, outputs, first, pixel, place, length):
    """Write leaky_relu(bias + the sum of weights · source over channels and taps) to out, for blocks begin … end − 1.

    weights: (replicas, tiles of outputs, taps, channels, TILE), the taps ordered. bias: (replicas, tiles · TILE).
    """
    pixels, tiles = len(first) - 1, -(-outputs // TILE)
    replicas = len(bias) // (tiles * TILE)
    source_size = len(source) // (replicas * blocks)
    tile_size = len(weights) // (replicas * tiles)
    for block in range(begin, end):
        replica = block // blocks
        for p in range(pixels):
            for tile in range(tiles):
                channel = tile * TILE
                # four output channels begin with their biases
                at = replica * tiles * TILE + channel
                a, b = splat(get(bias, at)), splat(get(bias, at + 1))
                c, d = splat(get(bias, at + 2)), splat(get(bias, at + 3))
                # a loaded vector of source images, one pixel and channel, is multiplied with their four weights
                for run in range(get(first, p), get(first, p + 1)):
                    at = block * source_size + get(pixel, run) * channels * LANES
                    weight = (replica * tiles + tile) * tile_size + get(place, run) * channels * TILE
                    for _ in range(get(length, run) * channels):
                        x = load(source, at)
                        a = add_product(a, weights, weight, x)
                        b = add_product(b, weights, weight + 1, x)
                        c = add_product(c, weights, weight + 2, x)
                        d = add_product(d, weights, weight + 3, x)
                        at += LANES
                        weight += TILE
                # LeakyReLU; the last tile may have fewer than four
                at = ((block * pixels + p) * outputs + channel) * LANES
                store(out, at, leaky_relu(a, slope))
                if channel + 1 < outputs:
                    store(out, at + LANES, leaky_relu(b, slope))
                if channel + 2 < outputs:
                    store(out, at + 2 * LANES, leaky_relu(c, slope))
                if channel + 3 < outputs:
                    store(out, at + 3 * LANES, leaky_relu(d, slope))


@numba.njit(cache=True, nogil=True)
def correlate(begin, end, large, small, out, blocks, pixels, channels, outputs, kernel, stride):
    """Add the sums of small · large over images and pixels to out, for the replicas begin … end − 1.

    large has `channels`, small `outputs`. out: (replicas, kernel, tiles of outputs, TILE, row), a row holding the
    kernel's columns, each with all channels, filled up to whole vectors.
    """
    size, padding = pixels // stride, kernel // 2
    tiles, row = -(-outputs // TILE), -(-kernel * channels // LANES) * LANES
    wide = (pixels + 2 * padding) * channels
    rows = max(1, GROUP // (size * LANES))  # of the small image, a group
    line = size * LANES
    # one block of the large image, padded, image by image: (pixels + 2 padding, LANES, pixels + 2 padding, channels)
    spread = np.zeros((pixels + 2 * padding) * LANES * wide + row, np.float32)
    narrow = np.zeros(tiles * rows * line * TILE, np.float32)  # (tiles, rows, size, LANES, TILE)
    panel = np.empty(rows * line * LANES, np.float32)  # (rows, size, LANES images, LANES columns)
    for block in range(begin * blocks, end * blocks):
        replica = block // blocks
        # spread the large block image by image: four vectors become four neighbouring numbers of every image
        at = block * pixels**2 * channels * LANES
        for y in range(pixels):
            to = (y + padding) * LANES * wide + padding * channels
            for _ in range(pixels * channels // 4):
                w, x = load(large, at), load(large, at + LANES)
                y_, z = load(large, at + 2 * LANES), load(large, at + 3 * LANES)
                even, odd = low(w, y_), low(x, z)
                store_fours(spread, to, wide, low(even, odd))
                store_fours(spread, to + 4 * wide, wide, high(even, odd))
                even, odd = high(w, y_), high(x, z)
                store_fours(spread, to + 8 * wide, wide, low(even, odd))
                store_fours(spread, to + 12 * wide, wide, high(even, odd))
                at += 4 * LANES
                to += 4
        for top in range(0, size, rows):
            count = min(rows, size - top)
            # transpose a group of rows of the small block, so that an image's four channels lie together
            for tile in range(tiles):
                channel = tile * TILE
                to = tile * rows * line * TILE
                for p in range(top * size, (top + count) * size):
                    at = ((block * size**2 + p) * outputs + channel) * LANES
                    w = load(small, at)
                    x = load(small, at + LANES) if channel + 1 < outputs else splat(np.float32(0))
                    y_ = load(small, at + 2 * LANES) if channel + 2 < outputs else splat(np.float32(0))
                    z = load(small, at + 3 * LANES) if channel + 3 < outputs else splat(np.float32(0))
                    even, odd = low(w, y_), low(x, z)
                    store(narrow, to, low(even, odd))
                    store(narrow, to + LANES, high(even, odd))
                    even, odd = high(w, y_), high(x, z)
                    store(narrow, to + 2 * LANES, low(even, odd))
                    store(narrow, to + 3 * LANES, high(even, odd))
                    to += LANES * TILE
            # for each row of the kernel, and each vector of its columns and channels
            for down in range(kernel):
                # the rows y whose neighbour y · stride + down is not padding
                y0 = max(top, -((down - padding) // stride))
                y1 = min(top + count, -((down - padding - pixels) // stride))
                for column in range(0, row, LANES):
                    # gather what the group's pixels meet, so that all tiles read it from the cache
                    to = 0
                    for y in range(y0, y1):
                        for p in range(size):
                            at = (y * stride + down) * LANES * wide + p * stride * channels + column
                            for _ in range(LANES):
                                store(panel, to, load(spread, at))
                                to += LANES
                                at += wide
                    # add its products with four channels at a time
                    for tile in range(tiles):
                        result = (((replica * kernel + down) * tiles + tile) * TILE) * row + column
                        a, b = load(out, result), load(out, result + row)
                        c, d = load(out, result + 2 * row), load(out, result + 3 * row)
                        factor = (tile * rows + y0 - top) * line * TILE
                        for at in range(0, to, LANES):
                            x = load(panel, at)
                            a = add_product(a, narrow, factor, x)
                            b = add_product(b, narrow, factor + 1, x)
                            c = add_product(c, narrow, factor + 2, x)
                            d = add_product(d, narrow, factor + 3, x)
                            factor += TILE
                        store(out, result, a)
                        store(out, result + row, b)
                        store(out, result + 2 * row, c)
                        store(out, result + 3 * row, d)
