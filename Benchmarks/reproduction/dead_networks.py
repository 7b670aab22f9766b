"""Ends trainings with Keras that cannot learn any more, so that their hours go to others."""

import keras
import numpy as np
from keras import layers


class StopWhenDead(keras.callbacks.Callback):
    """Stops when, two epochs in a row, a layer of ReLU gives zero for every training image.

    Past such a layer comes no gradient, so nothing before it changes again, and what follows is given the same for
    all images: in the epochs that are left it could only guess. Two epochs, as Adam goes on for some steps
    without a gradient. Only layers before dropout and batch normalization are looked at: behind these a layer may
    give something in training that it does not give here. AlexNet's learning rate on CIFAR-10 kills some seeds.
    """

    def __init__(self, images):
        super().__init__()
        self.images = images
        self.died = None

    def on_train_begin(self, logs=None):
        watched = []
        for layer in self.model.layers:
            if isinstance(layer, (layers.Dropout, layers.BatchNormalization)):
                break
            if isinstance(layer, layers.ReLU) or getattr(layer, "activation", None) is keras.activations.relu:
                watched.append(layer.output)
        self.probe = keras.Model(self.model.inputs[0], watched) if watched else None
        self.was_dead = self.is_dead()

    def on_epoch_end(self, epoch, logs=None):
        is_dead = self.is_dead()
        if is_dead and self.was_dead:
            self.died = epoch + 1
            self.model.stop_training = True
        self.was_dead = is_dead

    def is_dead(self, batch=64):
        if self.probe is None:
            return False
        gives = False
        for start in range(0, len(self.images), batch):
            outputs = self.probe(self.images[start:start + batch], training=False)
            outputs = outputs if isinstance(outputs, list) else [outputs]
            gives = gives | np.array([np.any(output > 0) for output in outputs])
            # One batch shows that a network lives; that it does not takes them all.
            if gives.all():
                return False
        return True
