@_exported import MartletDatasets
@_exported import MartletGraphs
@_exported import MartletNetworks
@_exported import MartletTensors
@_exported import MartletTraining
