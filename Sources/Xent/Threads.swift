import XentKernelInterface
import XentPlatform

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
      // Waiting for a thread is where a cancelled one would leave.
      let cancellation = platform_forbid_cancellation()
      defer { platform_restore_cancellation(cancellation) }
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
  let task: UnsafePointer<LossTask>
  let problem: UnsafePointer<Problem>
  let runs: Problem.Runs
  let chunks: Chunks
  /// One for every chunk.
  let totals: UnsafeMutablePointer<LossTotals>
}

/// Runs the kernel over all rows of the problem, in chunks on the task's threads. Throws if there is an element that the loss
/// cannot have.
func run(
  _ kernel: LossKernel, _ task: inout LossTask, _ problem: Problem, _ runs: Problem.Runs
) throws(XentError) -> LossTotals {
  var sum = LossTotals()
  if task.splitsRows || task.rows &* task.classes <= Chunks.smallest {
    run(kernel, &task, problem, runs, first: 0, count: task.rows, &sum)
    if sum.hasOffender, let error = problem.firstDataError(stopOfRow: { _ in sum.stop }) { throw error }
    return sum
  }
  let chunks = Chunks(rows: task.rows, classes: task.classes)
  var totals = InlineArray<256, LossTotals>(repeating: LossTotals())
  withUnsafeMutableBytes(of: &totals) { totals in
    withUnsafePointer(to: &task) { task in
      withUnsafePointer(to: problem) { problem in
        var work = ChunkWork(
          kernel: kernel, task: task, problem: problem, runs: runs, chunks: chunks,
          totals: totals.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: LossTotals.self))
        parallelFor(task.pointee.threads, chunks.count, &work) { context, chunk in
          let work = context.assumingMemoryBound(to: ChunkWork.self).pointee
          run(
            work.kernel, work.task, work.problem.pointee, work.runs, first: work.chunks.first(chunk),
            count: work.chunks.count(chunk), &work.totals[chunk])
        }
      }
    }
  }
  // In the chunks' order, whoever computed them.
  for chunk in 0..<chunks.count { sum.add(totals[chunk]) }
  if sum.hasOffender,
    let error = problem.firstDataError(stopOfRow: { totals[chunks.chunk(of: $0)].stop })
  {
    throw error
  }
  return sum
}

/// Runs the kernel over `count` rows from `first`: at once, or run by run.
private func run(
  _ kernel: LossKernel, _ task: UnsafePointer<LossTask>, _ problem: Problem, _ runs: Problem.Runs, first: Int,
  count: Int, _ totals: inout LossTotals
) {
  if runs.rows == task.pointee.rows && runs.outerAxes == 0 {
    kernel(task, first, count, &totals)
    return
  }
  var part = task.pointee
  var row = first
  while row < first + count && !totals.hasOffender {
    let place = row % runs.rows
    problem.eachArray { number, array in
      part[number] = task.pointee[number].moved(by: problem.runStart(row / runs.rows, runs, array))
    }
    let size = min(runs.rows - place, first + count - row)
    kernel(&part, place, size, &totals)
    // The kernel counts the rows from the run's first.
    if totals.hasOffender { totals.stop += (row - place) * part.classes }
    row += size
  }
}

extension Options {
  /// How many threads a problem of so many elements gets.
  func threadCount(elements: Int) -> Int {
    if numThreads > 0 { return numThreads }
    // Some 100 microseconds of the fastest loss: several times what starting a thread takes.
    let perThread = 1 << 19
    return elements < 2 * perThread ? 1 : max(1, min(Self.availableThreads, elements / perThread))
  }

  // Not inlined: small calls are faster without its code among theirs.
  @inline(never) private static var availableThreads: Int {
    environmentThreads > 0 ? environmentThreads : Int(platform_processor_count())
  }

  /// What XENT_NUM_THREADS says, 0 where it says nothing. Read once: reading while another thread changes the environment
  /// ends the process.
  static var environmentThreads: Int {
    let known = platform_load_relaxed(&readThreads)
    if known >= 0 { return Int(known) }
    let read = Int32(clamping: max(0, platform_environment_num_threads()))
    platform_store_relaxed(&readThreads, read)
    return Int(read)
  }
}

/// Every thread that finds it unset reads the same value.
nonisolated(unsafe) private var readThreads: Int32 = -1
