"""Where a study can be exported to; to add one is to add a line."""

from types import FunctionType

from overgan.registry import Registry

FORMATS: Registry[FunctionType] = Registry(
    "export",
    FunctionType,
    {
        "csv": "overgan.export.formats._csv:write_csv",
        "parquet": "overgan.export.formats._parquet:write_parquet",
        "tables": "overgan.export.formats._tables:write_tables",
        "generator": "overgan.export.formats._generator:write_generator",
        "onnx": "overgan.export.formats._onnx:write_onnx",
    },
    {"safetensors": "generator"},
)
TRACKERS: Registry[type] = Registry(
    "export",
    type,
    {
        "tensorboard": "overgan.export.trackers._tensorboard:TensorBoard",
        "mlflow": "overgan.export.trackers._mlflow:MLflow",
        "wandb": "overgan.export.trackers._wandb:WeightsAndBiases",
    },
)
