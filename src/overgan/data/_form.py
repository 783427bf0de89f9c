"""The size and the colours that images are brought to as they are read."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

GREY = ("L", "LA", "1")  # Pillow's names
Mode = Literal["grey", "colour"]


@dataclass(frozen=True)
class Form:
    """What every image is brought to; None leaves its size, or its colours, as they are.

    size: height and width in pixels; the middle square is resized to it by bicubic interpolation with antialiasing.
    mode: grey (Rec. 601 luma) or colour.
    """

    size: int | None = None
    mode: Mode | None = None

    def channels(self, image: Image.Image) -> int:
        """Of the array that `array` gives."""
        return 1 if self.mode == "grey" or (self.mode is None and image.mode in GREY) else 3

    def pixels(self, image: Image.Image) -> tuple[int, int]:
        """Width and height of the array that `array` gives."""
        return (self.size, self.size) if self.size else image.size

    def shape(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Height, width and channels that an array image of this shape is brought to."""
        height, width, channels = shape
        return self.size or height, self.size or width, {"grey": 1, "colour": 3, None: channels}[self.mode]

    def array(self, image: Image.Image) -> UInt8[np.ndarray, "height width channels"]:
        """The image in this form, on white where it is transparent."""
        channels = self.channels(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("L" if channels == 1 else "RGB")
        if self.size and image.size != (self.size, self.size):
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            # cropped first, as resize(box=) would take pixels beyond the square in
            square = image.crop((left, top, left + side, top + side))
            image = square.resize((self.size, self.size), Image.Resampling.BICUBIC)
        return np.asarray(image).reshape(image.height, image.width, channels)

    def arrays(self, images: UInt8[np.ndarray, "images _ _ c"]) -> UInt8[np.ndarray, "images height width channels"]:
        """Images of 1 or 3 channels in this form."""
        array = np.empty((len(images), *self.shape(images.shape[1:])), np.uint8)
        for i, image in enumerate(images):
            array[i] = self.array(Image.fromarray(image[..., 0] if images.shape[3] == 1 else image))
        return array

    @property
    def notes(self) -> tuple[str, ...]:
        """What it does to images, for the report."""
        size = f"cropped to the middle square and resized to {self.size} × {self.size} pixels, with antialiasing"
        return (*([size] if self.size else []), *([f"converted to {self.mode}"] if self.mode else []))


AS_IT_IS = Form()
