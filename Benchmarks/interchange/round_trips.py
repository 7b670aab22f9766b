"""Moves every system's network through Martlet and back, and to ONNX Runtime; compares the outputs.

PyTorch -> Martlet -> PyTorch, Keras -> Martlet -> Keras, Martlet -> ONNX -> ONNX Runtime and ONNX -> Martlet.
Needs the built command in MARTLET_COMMAND, torch, keras, onnxruntime, safetensors and Pillow.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from models import SHAPES, SYSTEMS, keras, keras_model, keras_outputs, torch_model, torch_outputs

COMMAND = os.environ["MARTLET_COMMAND"]
TOLERANCE = 1e-5
failures = []


def martlet(*arguments):
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"martlet {' '.join(arguments)}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def predictions(run, folder, images):
    files = []
    for index, image in enumerate(images):
        files.append(f"{folder}/{index}.png")
        Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(files[-1])
    lines = martlet("predict", run, *files, "--json")
    return np.array([line["probabilities"] for line in lines if line["event"] == "image"])


def probabilities(outputs, system):
    if not SYSTEMS[system][0].startswith("conv") or SYSTEMS[system][0] == "conv":
        return outputs
    return torch.softmax(torch.tensor(outputs, dtype=torch.float64), 1).numpy()


def check(system, what, found, wanted):
    scale = max(1.0, float(np.abs(wanted).max()))
    error = float(np.abs(found - wanted).max()) / scale
    spread = float(np.abs(wanted - wanted.mean(0)).max())
    good = found.shape == wanted.shape and error <= TOLERANCE and spread > 1e-4
    if not good:
        failures.append(f"{system} {what}")
    print(f"{system:28} {what:34} {error:.1e} {'' if good else 'FAILED'}", flush=True)


def run_onnx(path, images):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return session.run(None, {name: images.transpose(0, 3, 1, 2).copy()})[0]


def pytorch(system, folder, images):
    model = torch_model(system)
    wanted = torch_outputs(model, images, system)
    save_file(model.state_dict(), f"{folder}/torch.safetensors")
    martlet("import", f"{folder}/torch.safetensors", "--system", system, "--run", f"{folder}/torch")
    found = predictions(f"{folder}/torch", folder, images)
    check(system, "PyTorch -> Martlet", found, probabilities(wanted, system))
    for options in (["--like", f"{folder}/torch.safetensors"], ["--sequential"]):
        if options == ["--sequential"] and system == "attention-fashion":
            continue  # its blocks are types of one's own, with names of their own
        martlet("export", f"{folder}/torch", "--format", "pytorch", "--output", f"{folder}/back.safetensors",
                *options)
        again = torch_model(system)
        for parameter in again.parameters():
            torch.nn.init.zeros_(parameter)
        again.load_state_dict(load_file(f"{folder}/back.safetensors"))
        check(system, f"-> PyTorch {options[0]}", torch_outputs(again.eval(), images, system), wanted)
    martlet("export", f"{folder}/torch", "--format", "onnx", "--output", f"{folder}/net.onnx")
    check(system, "-> ONNX Runtime", run_onnx(f"{folder}/net.onnx", images), wanted)
    data = {"fashion": "fashion-mnist"}.get(SYSTEMS[system][1], SYSTEMS[system][1])
    martlet("import", f"{folder}/net.onnx", "--dataset", data, "--run", f"{folder}/onnx")
    found = predictions(f"{folder}/onnx", folder, images)
    check(system, "ONNX -> Martlet", found, probabilities(wanted, system))
    martlet("export", f"{folder}/onnx", "--format", "onnx", "--output", f"{folder}/again.onnx")
    check(system, "-> ONNX Runtime again", run_onnx(f"{folder}/again.onnx", images), wanted)
    martlet("import", f"{folder}/again.onnx", "--system", system, "--run", f"{folder}/weights")
    found = predictions(f"{folder}/weights", folder, images)
    check(system, "ONNX weights -> Martlet", found, probabilities(wanted, system))
    if "alexnet" in system:
        return  # PyTorch writes its local response normalization with If, which is refused
    export_options = {"input_names": ["x"], "output_names": ["y"], "dynamo": False}
    _, _, scale, mean, deviation = SYSTEMS[system]
    example = torch.zeros(1, images.shape[3], images.shape[1], images.shape[2])
    torch.onnx.export(model, (example,), f"{folder}/theirs.onnx", **export_options)
    martlet("import", f"{folder}/theirs.onnx", "--dataset", data, "--run", f"{folder}/theirs",
            "--scale", repr(scale), "--mean", repr(mean), "--deviation", repr(deviation))
    found = predictions(f"{folder}/theirs", folder, images)
    check(system, "PyTorch's ONNX -> Martlet", found, probabilities(wanted, system))


def keras_trip(system, folder, images):
    model = keras_model(system)
    wanted = keras_outputs(model, images, system)
    for suffix in (".weights.h5", ".keras"):
        name = f"{folder}/keras{suffix}"
        model.save_weights(name) if suffix == ".weights.h5" else model.save(name)
        run = f"{folder}/run{suffix}"
        martlet("import", name, "--system", system, "--run", run)
        found = predictions(run, folder, images)
        check(system, f"Keras {suffix} -> Martlet", found, probabilities(wanted, system))
        back = f"{folder}/back{suffix}"
        martlet("export", run, "--format", "keras", "--like", name, "--output", back)
        if suffix == ".keras":
            again = keras.models.load_model(back)
        else:
            again = keras_model(system)
            again.set_weights([np.zeros_like(w) for w in again.get_weights()])
            again.load_weights(back)
        check(system, f"-> Keras {suffix}", keras_outputs(again, images, system), wanted)
    if system != "attention-fashion":
        martlet("export", run, "--format", "keras", "--output", f"{folder}/own.weights.h5")
        again.set_weights([np.zeros_like(w) for w in again.get_weights()])
        again.load_weights(f"{folder}/own.weights.h5")
        check(system, "-> Keras, own names", keras_outputs(again, images, system), wanted)
    if "alexnet" not in system:  # Keras has no layer for local response normalization
        martlet("export", run, "--format", "keras", "--output", f"{folder}/own.keras")
        again = keras.models.load_model(f"{folder}/own.keras")
        found = np.asarray(again(images.astype(np.float32), training=False))
        check(system, "-> Keras, own .keras", found, wanted)
    martlet("export", run, "--format", "npz", "--output", f"{folder}/own.npz")
    arrays = np.load(f"{folder}/own.npz")
    martlet("import", f"{folder}/own.npz", "--system", system, "--run", f"{folder}/npz")
    found = predictions(f"{folder}/npz", folder, images)
    check(system, f"npz of {len(arrays.files)} arrays -> Martlet", found, probabilities(wanted, system))


def main():
    for system in sys.argv[1:] or SYSTEMS:
        height, width, channels, _ = SHAPES[SYSTEMS[system][1]]
        images = np.random.default_rng(3).integers(0, 256, (8, height, width, channels), dtype=np.uint8)
        for trip in (pytorch, keras_trip):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    trip(system, folder, images)
                except Exception as error:
                    failures.append(f"{system} {trip.__name__}")
                    print(f"{system:28} {trip.__name__}: {error}", flush=True)
    if failures:
        sys.exit(f"{len(failures)} failed: {', '.join(failures)}")


main()
