extension DatasetCard {
  package static let cifar10 = DatasetCard(
    id: "cifar10", title: "CIFAR-10", summary: "Small color photographs of vehicles and animals.",
    license: cifarLicense, homepage: cifarHomepage, citation: cifarCitation,
    classNames: cifar10Names, imageShape: [32, 32, 3], trainCount: 50_000, testCount: 10_000,
    storageID: "cifar10",
    format: .cifar(classes: [10]),
    files: [
      ("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
      ("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
      ("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
      ("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
      ("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
      ("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ].map { name, digest in
      File(name: name, part: name.hasPrefix("test") ? .test : .train, size: 10_000 * 3073, sha256: digest)
    },
    downloads: [
      Download(
        name: "cifar-10-binary.tar.gz", size: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        urls: [
          "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
          // The same files packed again; they are recognized by their own checksums.
          "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/dataset/cifar10/"
            + "cifar-10-binary.tar.gz",
        ],
        contents: (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"])
    ],
    folders: [
      "cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin", "cifar-10",
      "cifar-10/cifar-10-batches-bin",
    ],
    systemFolders: [], labelLevel: 0,
    nameFiles: [NameFile(name: "batches.meta.txt", classNames: cifar10Names)])

  package static let cifar100 = cifar100(
    id: "cifar100", title: "CIFAR-100", summary: "Small color photographs of 100 kinds of things.",
    classNames: cifar100FineNames, labelLevel: 1)

  package static let cifar100Coarse = cifar100(
    id: "cifar100-coarse", title: "CIFAR-100 (superclasses)",
    summary: "The photographs of CIFAR-100, labeled with their 20 superclasses.",
    classNames: cifar100CoarseNames, labelLevel: 0)

  private static let cifarHomepage = "https://www.cs.toronto.edu/~kriz/cifar.html"
  private static let cifarLicense = "no license stated; the authors ask for the citation"
  private static let cifarCitation =
    "A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, 2009."

  private static func cifar100(
    id: String, title: String, summary: String, classNames: [String], labelLevel: Int
  ) -> DatasetCard {
    DatasetCard(
      id: id, title: title, summary: summary, license: cifarLicense, homepage: cifarHomepage,
      citation: cifarCitation, classNames: classNames, imageShape: [32, 32, 3], trainCount: 50_000,
      testCount: 10_000, storageID: "cifar100", format: .cifar(classes: [20, 100]),
      files: [
        File(
          name: "train.bin", part: .train, size: 50_000 * 3074,
          sha256: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"),
        File(
          name: "test.bin", part: .test, size: 10_000 * 3074,
          sha256: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"),
      ],
      downloads: [
        Download(
          name: "cifar-100-binary.tar.gz", size: 168_513_733,
          sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
          urls: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
          contents: ["train.bin", "test.bin"])
      ],
      folders: ["cifar-100-binary", "cifar100", "cifar100/cifar-100-binary", "cifar-100"],
      systemFolders: [], labelLevel: labelLevel,
      nameFiles: [
        NameFile(name: "coarse_label_names.txt", classNames: cifar100CoarseNames),
        NameFile(name: "fine_label_names.txt", classNames: cifar100FineNames),
      ])
  }

  private static let cifar10Names = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  private static let cifar100CoarseNames = [
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
    "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
    "large_man-made_outdoor_things", "large_natural_outdoor_scenes", "large_omnivores_and_herbivores",
    "medium_mammals", "non-insect_invertebrates", "people", "reptiles", "small_mammals", "trees",
    "vehicles_1", "vehicles_2",
  ]

  private static let cifar100FineNames = [
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl",
    "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair",
    "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin",
    "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp",
    "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck",
    "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
    "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television",
    "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
  ]
}
