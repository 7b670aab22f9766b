"""Runs the ONNX files that the tests of single layers write, and compares the outputs with Martlet's.

    python layers.py FOLDER     NAME.onnx with NAME.safetensors: images [N, H, W, C], outputs
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

failed = 0
files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
for file in files:
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    tensors = load_file(file.with_suffix(".safetensors"))
    images = tensors["images"].transpose(0, 3, 1, 2).copy()
    found = session.run(None, {session.get_inputs()[0].name: images})[0]
    wanted = tensors["outputs"]
    if found.ndim == 4:
        found = found.transpose(0, 2, 3, 1)
    same = found.shape == wanted.shape
    error = float(np.abs(found - wanted).max() / max(1, np.abs(wanted).max())) if same else np.inf
    failed += error > 1e-5
    print(f"{file.stem:34} {error:.1e} {'FAILED' if error > 1e-5 else ''}")
if failed or not files:
    sys.exit(f"{failed} of {len(files)} layers differ in ONNX Runtime")
