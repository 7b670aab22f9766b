"""Makes python.safetensors beside this file (written with safetensors 0.8.0, numpy 1.26 or 2)."""
import pathlib

import numpy
from safetensors.numpy import save_file

save_file(
    {
        "weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 2,
        "double": numpy.array([0.1], dtype=numpy.float64),
        "step": numpy.array(1234567890123, dtype=numpy.int64),
        "class": numpy.array([-1, 7], dtype=numpy.int32),
        "pixels": numpy.array([[0, 127], [128, 255]], dtype=numpy.uint8),
        "mask": numpy.array([True, False, True]),
    },
    str(pathlib.Path(__file__).with_name("python.safetensors")),
    metadata={"format": "np"},
)
