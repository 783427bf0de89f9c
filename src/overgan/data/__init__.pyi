from ._config import (
    DATASETS as DATASETS,
    DataConfig as DataConfig,
    image_shape as image_shape,
    load_images as load_images,
)
from ._files import ImageFiles as ImageFiles, class_labels as class_labels
from ._form import Form as Form, Mode as Mode
from ._images import DataSet as DataSet, ImageSet as ImageSet, size_in_words as size_in_words
from ._progress import Progress as Progress, no_progress as no_progress
from ._source import Formed as Formed, Source as Source, Subset as Subset, open_images as open_images
