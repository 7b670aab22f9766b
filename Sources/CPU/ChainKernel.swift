/// Small kernels that run one after the other in a single task.
struct ChainKernel: FlatKernel {
  let links: [any FlatKernel]
  let taskCount = 1

  func run(task: Int, _ context: Context) {
    for link in links { for task in 0..<link.taskCount { link.run(task: task, context) } }
  }
}

/// An image kernel that runs on all its images in a single task.
struct WholeKernel: FlatKernel {
  let kernel: any ImageKernel
  let images: Int
  let taskCount = 1

  func run(task: Int, _ context: Context) {
    kernel.begin(shard: 0, context)
    kernel.run(0..<images, shard: 0, context)
    kernel.end(shard: 0, context)
  }
}
