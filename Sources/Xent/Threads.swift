import KernelInterface
import Platform

// Chunks of rows over threads that are started for the call: nothing outlives it, so that a process may fork, load and
// unload the library as it likes. Starting costs some 10 to 50 microseconds a thread; smaller problems get none.

/// What the threads of one call share.
private struct SharedWork {
  /// The next index that nobody has taken; changed by atomic additions only.
  let next: UnsafeMutablePointer<Int64>
  let count: Int
  let context: UnsafeMutableRawPointer
  let body: ParallelBody

  /// Takes indices until there are none.
  func work() {
    while true {
      let index = Int(platform_fetch_add(next, 1))
      if index >= count { return }
      body(context, index)
    }
  }
}

/// See `ParallelFor`. With fewer threads than wanted, as many as can be had do the work; the caller's is one of them.
func parallelFor(_ threads: Int, _ count: Int, _ context: UnsafeMutableRawPointer, _ body: ParallelBody) {
  if threads <= 1 || count <= 1 {
    for index in 0..<count { body(context, index) }
    return
  }
  var next: Int64 = 0
  withUnsafeMutablePointer(to: &next) { next in
    var shared = SharedWork(next: next, count: count, context: context, body: body)
    withUnsafeMutablePointer(to: &shared) { shared in
      var handles = InlineArray<256, pthread_t>(repeating: 0)
      var started = 0
      while started < min(threads, count, handles.count) - 1 {
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
  }
}

/// A kernel's chunks of rows as parallel work.
private struct ChunkWork {
  let kernel: LossKernel
  let task: UnsafeRawPointer
  let chunks: Chunks
  /// One for every chunk.
  let totals: UnsafeMutablePointer<LossTotals>
}

/// Runs the kernel over all rows of the task, in chunks on the task's threads.
func run(_ kernel: LossKernel, _ task: LossTask) -> LossTotals {
  var task = task
  var sum = LossTotals()
  if task.hasLongRows || task.rows &* task.classes <= Chunks.smallest {
    kernel(&task, 0, task.rows, &sum)
    return sum
  }
  let chunks = Chunks(rows: task.rows, classes: task.classes)
  var totals = InlineArray<256, LossTotals>(repeating: LossTotals())
  withUnsafeMutableBytes(of: &totals) { totals in
    withUnsafePointer(to: &task) { task in
      var work = ChunkWork(
        kernel: kernel, task: task, chunks: chunks,
        totals: totals.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: LossTotals.self))
      parallelFor(task.pointee.threads, chunks.count, &work) { context, chunk in
        let work = context.assumingMemoryBound(to: ChunkWork.self).pointee
        work.kernel(work.task, work.chunks.first(chunk), work.chunks.count(chunk), work.totals + chunk)
      }
    }
  }
  // In the chunks' order, whoever computed them; what lies behind an error does not count.
  for chunk in 0..<chunks.count where sum.offendingElement < 0 { sum.add(totals[chunk]) }
  return sum
}

extension Options {
  /// How many threads a problem of so many elements gets.
  func threadCount(elements: Int) -> Int {
    if numThreads > 0 { return numThreads }
    // Some 100 microseconds of the fastest loss: several times what starting a thread takes.
    let perThread = 1 << 19
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
