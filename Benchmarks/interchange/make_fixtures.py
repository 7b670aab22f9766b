"""Makes the small files in Tests/InterchangeTests/Fixtures with PyTorch, Keras, NumPy and ONNX.

    python Benchmarks/interchange/make_fixtures.py Tests/InterchangeTests/Fixtures
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import keras
import numpy as np
import onnxruntime
import torch
from keras import layers
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from torch import nn

OUT = sys.argv[1]
IMAGES = np.random.default_rng(1).integers(0, 256, (3, 6, 6, 2), dtype=np.uint8)
SCALED = IMAGES.astype(np.float32) / 255
CHANNELS_FIRST = torch.tensor(SCALED.transpose(0, 3, 1, 2).copy())
expected = {"images": IMAGES.astype(np.int32)}


def stirred(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return model.eval()


def small_torch():
    return stirred(nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(3, eps=1e-3), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(27, 4)))


class Branches(nn.Module):
    """What exporters write beyond a chain of layers."""

    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(2, 4, 3, padding=1, groups=2, bias=False)
        self.slopes = nn.PReLU(4)
        self.up = nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1)
        self.shortcut = nn.Conv2d(2, 3, 1)
        self.pool = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
        self.norm = nn.BatchNorm1d(54)
        self.head = nn.Linear(54, 5)

    def forward(self, x):
        y = nn.functional.leaky_relu(self.slopes(self.depthwise(x)), 0.2)
        y = self.pool(self.up(y))
        y = torch.cat([y + torch.tanh(self.shortcut(x)), x], 1)
        y = nn.functional.interpolate(nn.functional.max_pool2d(y, 2), scale_factor=2, mode="nearest")
        y = y[:, :, 1:4, :] * y.mean(1, keepdim=True)[:, :, 2:5, :]
        y = torch.flatten(y[:, 1:4], 1)
        y = nn.functional.dropout(nn.functional.elu(self.norm(y)), 0.3, self.training)
        return torch.softmax(self.head(y), 1)


torch.manual_seed(1)
model = small_torch()
save_file(model.state_dict(), f"{OUT}/small.safetensors")
with torch.no_grad():
    expected["small.safetensors"] = model(CHANNELS_FIRST).numpy()
state = {name: value.numpy() for name, value in model.state_dict().items()}
# NumPy: Martlet's names and layouts; one array in Fortran's order, one in float64.
arrays = {
    "conv2d/kernel": state["0.weight"].transpose(2, 3, 1, 0), "conv2d/bias": state["0.bias"],
    "batch_normalization/gamma": state["2.weight"].astype(np.float64),
    "batch_normalization/beta": state["2.bias"],
    "batch_normalization/moving_mean": state["2.running_mean"],
    "batch_normalization/moving_variance": state["2.running_var"],
    "dense/kernel": np.asfortranarray(
        state["5.weight"].reshape(4, 3, 3, 3).transpose(2, 3, 1, 0).reshape(27, 4)),
    "dense/bias": state["5.bias"],
}
np.savez(f"{OUT}/small.npz", **arrays)
np.savez_compressed(f"{OUT}/small-deflated.npz", **arrays)

options = {"input_names": ["pixels"], "output_names": ["scores"], "dynamo": False}
torch.onnx.export(model, (CHANNELS_FIRST[:1],), f"{OUT}/small.onnx", **options)
branches = Branches()
nn.init.uniform_(branches.norm.running_mean, -0.2, 0.2)
nn.init.uniform_(branches.norm.running_var, 0.5, 1.5)
torch.onnx.export(branches.eval(), (CHANNELS_FIRST[:1],), f"{OUT}/branches.onnx",
                  dynamic_axes={"pixels": {0: "batch"}}, **options)
session = onnxruntime.InferenceSession(f"{OUT}/branches.onnx", providers=["CPUExecutionProvider"])
expected["branches.onnx"] = session.run(None, {"pixels": CHANNELS_FIRST.numpy()})[0]

keras.utils.set_random_seed(1)
model = keras.Sequential([
    keras.Input((6, 6, 2)), layers.Rescaling(1 / 255), layers.Conv2D(3, 3, padding="same", activation="relu"),
    layers.BatchNormalization(), layers.DepthwiseConv2D(2, depth_multiplier=2), layers.PReLU(shared_axes=[1, 2]),
    layers.SeparableConv2D(4, 2), layers.Flatten(), layers.Dense(4, activation="softmax"),
])
random = np.random.default_rng(2)
model.layers[2].set_weights([random.uniform(0.5, 1.5, w.shape) for w in model.layers[2].get_weights()])
model.layers[4].set_weights([random.uniform(0.1, 0.4, w.shape) for w in model.layers[4].get_weights()])
model.save(f"{OUT}/layers.keras")
model.save_weights(f"{OUT}/layers.weights.h5")
expected["layers.keras"] = np.asarray(model(IMAGES.astype(np.float32), training=False))
save_arrays(expected, f"{OUT}/expected.safetensors")

# Branches whose layers Keras counts in another order than that in which they are made.
keras.utils.set_random_seed(3)
image = keras.Input((6, 6, 2))
scaled = layers.Rescaling(1 / 255)(image)
shortcut = layers.Conv2D(3, 1, name="shortcut")(scaled)
main = layers.Conv2D(3, 1, activation="relu", name="first")(scaled)
both = layers.Add()([layers.Conv2D(3, 1, name="second")(main), shortcut])
left = layers.Conv2D(3, 1, name="left")(both)
right = layers.Dropout(0.5)(layers.Conv2D(3, 1, activation="relu", name="right")(both))
both = layers.Multiply()([left, layers.Conv2D(3, 1, name="deeper")(right)])
model = keras.Model(image, layers.Dense(4, name="head")(layers.Flatten()(both)))
for layer in model.layers:
    layer.set_weights([random.uniform(-1, 1, w.shape) for w in layer.get_weights()])
model.save_weights(f"{OUT}/parallel.weights.h5")
parallel = {"parallel.weights.h5": np.asarray(model(IMAGES.astype(np.float32), training=False))}
save_arrays(parallel, f"{OUT}/parallel.safetensors")

# The newer structures of HDF5, which Keras does not write: a heap and a tree of links, other byte orders.
with h5py.File(f"{OUT}/groups.h5", "w", libver=("v108", "v108")) as file:
    many = file.create_group("many", track_order=True)
    many.attrs["name"] = "dense"
    for number in range(60):
        many[f"v{number}"] = np.uint8(number)
    few = file.create_group("few")
    few["big"] = np.array([[1.5, -2.5]], ">f8")
    few["float"] = np.float32(0.25)
    few["int"] = np.array([1, -2, 3], "<i4")
    few["long"] = np.array([[1 << 40]], ">i8")
    few["none"] = np.zeros((0, 4), "<f4")
    file.create_group("empty")
