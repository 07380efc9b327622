import KernelInterface
import Platform

// Chunks of rows over threads that are started for the call: nothing outlives it, so that a process may fork, load and
// unload the library as it likes. Starting costs some 10 microseconds a thread, which the smallest problem that gets
// threads outweighs many times.

/// What the threads of one call share.
private struct SharedWork {
  /// The next chunk that nobody has taken; changed by atomic additions only.
  let next: UnsafeMutablePointer<Int64>
  let kernel: LossKernel
  let task: UnsafeRawPointer
  let chunks: Chunks
  /// One for every chunk.
  let totals: UnsafeMutablePointer<LossTotals>

  /// Takes chunks until there are none.
  func work() {
    while true {
      let chunk = Int(platform_fetch_add(next, 1))
      if chunk >= chunks.count { return }
      kernel(task, chunks.first(chunk), chunks.count(chunk), totals + chunk)
    }
  }
}

/// Runs the kernel over all rows of the task, in chunks, on up to `threads` threads of which the caller's is one.
func run(_ kernel: LossKernel, _ task: LossTask, threads: Int) -> LossTotals {
  var task = task
  var sum = LossTotals()
  if task.rows &* task.classes <= Chunks.smallest {
    kernel(&task, 0, task.rows, &sum)
    return sum
  }
  let chunks = Chunks(rows: task.rows, classes: task.classes)
  if threads <= 1 || chunks.count == 1 {
    for chunk in 0..<chunks.count where sum.offendingElement < 0 {
      var found = LossTotals()
      kernel(&task, chunks.first(chunk), chunks.count(chunk), &found)
      sum.add(found)
    }
    return sum
  }

  var totals = InlineArray<256, LossTotals>(repeating: LossTotals())
  var next: Int64 = 0
  withUnsafeMutableBytes(of: &totals) { totals in
    withUnsafeMutablePointer(to: &next) { next in
      withUnsafePointer(to: &task) { task in
        var shared = SharedWork(
          next: next, kernel: kernel, task: task, chunks: chunks,
          totals: totals.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: LossTotals.self))
        withUnsafeMutablePointer(to: &shared) { work($0, threads: min(threads, chunks.count)) }
      }
    }
  }
  for chunk in 0..<chunks.count where sum.offendingElement < 0 { sum.add(totals[chunk]) }
  return sum
}

/// Works with so many threads, or as many of them as can be had.
private func work(_ shared: UnsafeMutablePointer<SharedWork>, threads: Int) {
  var handles = InlineArray<256, pthread_t>(repeating: 0)
  var started = 0
  while started < threads - 1 {
    let status = platform_start_thread(
      &handles[started],
      { context in
        context.unsafelyUnwrapped.assumingMemoryBound(to: SharedWork.self).pointee.work()
        return nil
      }, shared)
    if status != 0 { break }
    started += 1
  }
  shared.pointee.work()
  for index in 0..<started { pthread_join(handles[index], nil) }
}

extension Options {
  /// How many threads a problem of so many elements gets.
  func threadCount(elements: Int) -> Int {
    if numThreads > 0 { return numThreads }
    // Below this a thread takes longer to start than to work.
    let perThread = 1 << 17
    if elements < 2 * perThread { return 1 }
    let wanted = Int(platform_environment_num_threads())
    let available = wanted > 0 ? wanted : Int(platform_processor_count())
    return max(1, min(available, elements / perThread))
  }
}

extension LossTotals {
  /// Adds what the next chunk found.
  fileprivate mutating func add(_ other: LossTotals) {
    let sum = lossHigh + other.lossHigh
    let part = sum - lossHigh
    lossLow += (lossHigh - (sum - part)) + (other.lossHigh - part) + other.lossLow
    lossHigh = sum
    offendingElement = other.offendingElement
  }
}
