import XentKernelInterface

func descentRun<E: Element>(_: E.Type, _ task: DescentTask, first: Int, count: Int) {
  let rate = E.Compute(-task.learningRate)
  let end = first &+ count
  var index = first
  while index < end {
    let left = end &- index
    let theta = E.load(task.theta, index, count: left, end: end, fill: 0)
    let gradient = E.load(task.gradient, index, count: left, end: end, fill: 0)
    E.store(E.Compute.multiplyAdd(rate, gradient, theta), task.theta, index, count: left)
    index &+= E.Compute.count
  }
}
