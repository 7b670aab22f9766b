extension DatasetCard {
  package static let mnist = DatasetCard(
    id: "mnist", title: "MNIST", summary: "Handwritten digits, size-normalized and centered.",
    license: "CC BY-SA 3.0", homepage: "http://yann.lecun.com/exdb/mnist/",
    citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
      + "recognition. Proceedings of the IEEE 86(11), 1998.",
    classNames: (0...9).map { String($0) },
    imageShape: [28, 28, 1], trainCount: 60_000, testCount: 10_000, storageID: "mnist", format: .idx,
    files: idxFiles(digests: [
      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ]),
    downloads: idxDownloads(
      sizes: [9_912_422, 28_881, 1_648_877, 4_542],
      bases: [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
      ]),
    folders: ["mnist", "MNIST/raw", "MNIST", "mnist/raw"], systemFolders: [], labelLevel: 0)

  package static let fashionMNIST = DatasetCard(
    id: "fashion-mnist", title: "Fashion-MNIST", summary: "Pictures of clothes from Zalando's shop.",
    license: "MIT", homepage: "https://github.com/zalandoresearch/fashion-mnist",
    citation: "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking "
      + "machine learning algorithms. arXiv:1708.07747, 2017.",
    classNames: [
      "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
      "Ankle boot",
    ],
    imageShape: [28, 28, 1], trainCount: 60_000, testCount: 10_000, storageID: "fashion-mnist",
    format: .idx,
    files: idxFiles(digests: [
      "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ]),
    downloads: idxDownloads(
      sizes: [26_421_880, 29_515, 4_422_102, 5_148],
      bases: [
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
      ]),
    folders: ["fashion-mnist", "fashion_mnist", "FashionMNIST/raw", "FashionMNIST", "fashion"],
    systemFolders: ["/usr/share/datasets/fashion-mnist", "/usr/share/dataset-fashion-mnist"], labelLevel: 0)

  private static let idxNames = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// The four files in the layout of MNIST, with the checksums of training images, training labels, test
  /// images and test labels.
  static func idxFiles(digests: [String]) -> [File] {
    let sizes = [47_040_016, 60_008, 7_840_016, 10_008]
    return idxNames.indices.map { index in
      File(
        name: idxNames[index], part: index < 2 ? .train : .test, size: sizes[index],
        sha256: digests[index])
    }
  }

  /// The four files in the layout of MNIST, each compressed, in the same order.
  static func idxDownloads(sizes: [Int], bases: [String]) -> [Download] {
    idxNames.indices.map { index in
      Download(
        name: idxNames[index] + ".gz", size: sizes[index], sha256: nil,
        urls: bases.map { $0 + idxNames[index] + ".gz" }, contents: [idxNames[index]])
    }
  }
}
