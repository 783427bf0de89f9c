from ._arrays import unread_arrays as unread_arrays
from ._config import (
    DATASETS as DATASETS,
    DataConfig as DataConfig,
    image_counts as image_counts,
    image_shape as image_shape,
    load_images as load_images,
)
from ._datasets import is_hub as is_hub
from ._files import ImageFiles as ImageFiles, class_labels as class_labels
from ._form import Form as Form, Mode as Mode
from ._given import GivenImages as GivenImages, given_arrays as given_arrays, keep_arrays as keep_arrays
from ._images import DataSet as DataSet, ImageSet as ImageSet, size_in_words as size_in_words
from ._progress import Progress as Progress, no_progress as no_progress
from ._source import Formed as Formed, Source as Source, Subset as Subset, open_images as open_images
from ._survey import Survey as Survey, survey as survey, survey_of as survey_of
