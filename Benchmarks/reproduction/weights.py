"""Puts the weights of a run of Martlet into the same network in PyTorch."""

import json
import struct

import numpy as np
import torch
from torch import nn


def load(model, path):
    """`model` is a sequence of layers; the tensors of the file are taken in its order, kernels before biases."""
    tensors = read(path)
    names = {nn.Conv2d: "conv2d", nn.Linear: "dense"}
    seen, channels = {}, None
    with torch.no_grad():
        for layer in model:
            name = names.get(type(layer))
            if name is None:
                continue
            count = seen.get(name, 0)
            seen[name] = count + 1
            layer_name = f"{name}_{count}" if count else name
            kernel, bias = (tensors.pop(f"{layer_name}/{part}") for part in ("kernel", "bias"))
            if name == "conv2d":
                kernel = kernel.transpose(3, 2, 0, 1)  # [H, W, C, K]
                channels = kernel.shape[0]
            elif channels:
                # Flattened as [H, W, C] there, as [C, H, W] here.
                side = int((kernel.shape[0] // channels) ** 0.5)
                kernel = kernel.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape).T
                channels = None
            else:
                kernel = kernel.T
            for parameter, values in ((layer.weight, kernel), (layer.bias, bias)):
                if parameter.shape != values.shape:
                    raise SystemExit(f"{path}: {layer_name} has {values.shape}, PyTorch's {tuple(parameter.shape)}")
                parameter.copy_(torch.tensor(np.ascontiguousarray(values)))
    if tensors:
        raise SystemExit(f"{path}: PyTorch's network lacks {', '.join(sorted(tensors))}")


def read(path):
    """The tensors of a safetensors file of 32-bit floats."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()}
