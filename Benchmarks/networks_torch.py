"""The benchmark's networks in PyTorch, by the names of `systems.py`; each takes ((height, width, channels), classes)."""

import torch
from torch import nn


def flat(rows, columns, channels):
    return rows * columns * channels


def convolution(channels, filters, size=3, stride=1, padding=None, groups=1, bias=True):
    padding = size // 2 if padding is None else padding
    return nn.Conv2d(channels, filters, size, stride=stride, padding=padding, groups=groups, bias=bias)


def convnet(shape, classes):
    rows, columns, channels = shape
    return nn.Sequential(
        convolution(channels, 32), nn.ReLU(), nn.MaxPool2d(2),
        convolution(32, 64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(flat(rows // 4, columns // 4, 64), 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, classes))


def conv5x5(shape, classes):
    rows, columns, channels = shape
    return nn.Sequential(
        convolution(channels, 32, 5, padding=0), nn.ReLU(), nn.MaxPool2d(2),
        convolution(32, 64, 5, padding=0), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(flat((rows - 12) // 4, (columns - 12) // 4, 64), 128), nn.ReLU(),
        nn.Linear(128, classes))


def conv(shape, classes):
    rows, columns, channels = shape
    return nn.Sequential(
        convolution(channels, 32, 4, padding=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(flat((rows - 3) // 2, (columns - 3) // 2, 32), 16), nn.ReLU(),
        nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, classes))


def custom_cnn(shape, classes):
    rows, columns, channels = shape
    blocks = []
    for filters in (32, 64, 128):
        blocks += [
            convolution(channels, filters), nn.BatchNorm2d(filters), nn.LeakyReLU(0.3), nn.MaxPool2d(2),
            nn.Dropout(0.5)]
        channels = filters
    return nn.Sequential(
        *blocks, nn.Flatten(), nn.Linear(flat(rows // 8, columns // 8, 128), 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, classes))


def alexnet(shape, classes):
    rows, columns, channels = shape
    layers = []
    for filters in (96, 256):
        # Keras's alpha is not divided by the window, PyTorch's is.
        layers += [
            convolution(channels, filters), nn.LocalResponseNorm(11, alpha=11.0, beta=0.5, k=1.0), nn.ReLU(),
            nn.MaxPool2d(2)]
        channels = filters
    for filters in (384, 384, 256):
        layers += [convolution(channels, filters), nn.ReLU()]
        channels = filters
    layers += [nn.MaxPool2d(2, stride=1), nn.Flatten()]
    width = flat(rows // 4 - 1, columns // 4 - 1, 256)
    for _ in range(2):
        layers += [nn.Linear(width, 512), nn.ReLU(), nn.Dropout(0.5)]
        width = 512
    return nn.Sequential(*layers, nn.Linear(512, classes))


class ChannelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.dense = nn.Sequential(
            nn.Linear(channels, channels // 16), nn.ReLU(), nn.Linear(channels // 16, channels), nn.Sigmoid())

    def forward(self, x):
        return x * self.dense(x.mean((2, 3)))[:, :, None, None]


class SpatialAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = convolution(2, 1, 7)

    def forward(self, x):
        maps = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.convolution(maps))


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def attention(shape, classes):
    channels = shape[2]
    trunk = []
    for filters in (32, 64):
        trunk += [
            convolution(channels, filters), nn.ReLU(), nn.BatchNorm2d(filters), convolution(filters, filters),
            nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(
        *trunk, ChannelAttention(64), SpatialAttention(), convolution(64, 128), nn.ReLU(), nn.BatchNorm2d(128),
        nn.Dropout(0.25), GlobalAverage(), nn.Linear(128, 256), nn.ReLU(), nn.BatchNorm1d(256), nn.Dropout(0.5),
        nn.Linear(256, classes))


def vgg_like(shape, classes):
    rows, columns, channels = shape
    layers = []
    for filters in (32, 64, 128):
        layers += [
            convolution(channels, filters), nn.ReLU(), convolution(filters, filters), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(flat(rows // 8, columns // 8, 128), 256), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(256, classes))


class ResidualBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.main = nn.Sequential(
            convolution(channels, filters, 3, stride, bias=False), nn.BatchNorm2d(filters), nn.ReLU(),
            convolution(filters, filters, 3, bias=False), nn.BatchNorm2d(filters))
        self.shortcut = nn.Identity() if channels == filters and stride == 1 else nn.Sequential(
            convolution(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        return torch.relu(self.main(x) + self.shortcut(x))


def resnet_like(shape, classes):
    return nn.Sequential(
        convolution(shape[2], 32, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        ResidualBlock(32, 32, 1), ResidualBlock(32, 32, 1), ResidualBlock(32, 64, 2), ResidualBlock(64, 64, 1),
        ResidualBlock(64, 128, 2), ResidualBlock(128, 128, 1), GlobalAverage(), nn.Linear(128, classes))


def mobilenet_like(shape, classes):
    def normalized(*arguments, **options):
        made = convolution(*arguments, bias=False, **options)
        return [made, nn.BatchNorm2d(made.out_channels), nn.ReLU()]

    layers = normalized(shape[2], 32)
    channels = 32
    for filters, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1)):
        layers += normalized(channels, channels, 3, stride, groups=channels)
        layers += normalized(channels, filters, 1)
        channels = filters
    return nn.Sequential(*layers, GlobalAverage(), nn.Linear(channels, classes))


def odd(shape, classes):
    rows, columns, channels = shape
    size = [((extent - 4) // 2 + (extent - 4) % 2 - 3) // 2 + 1 for extent in (rows, columns)]
    return nn.Sequential(
        convolution(channels, 20, 5, padding=0), nn.ReLU(),
        convolution(20, 37, 3, stride=2), nn.BatchNorm2d(37), nn.LeakyReLU(0.3), nn.MaxPool2d(3, stride=2),
        convolution(37, 24, 1), nn.ReLU(), nn.Flatten(), nn.Linear(flat(*size, 24), 50), nn.ReLU(),
        nn.Linear(50, classes))


NETWORKS = {
    "convnet": convnet, "conv5x5": conv5x5, "conv": conv, "custom-cnn": custom_cnn, "alexnet": alexnet,
    "attention": attention, "vgg-like": vgg_like, "resnet-like": resnet_like,
    "mobilenet-like": mobilenet_like, "odd": odd,
}
