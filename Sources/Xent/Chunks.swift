import XentKernelInterface

/// How the rows of a problem are cut into chunks that threads take one by one.
///
/// The cut depends on the problem's shape alone, and the chunks' sums are added in their order, so that results do not
/// depend on the number of threads.
struct Chunks {
  /// Few enough for their totals to lie on the stack.
  static var limit: Int { 256 }
  /// Elements below which a chunk would not be worth handing over.
  static var smallest: Int { 1 << 15 }
  /// Kernels work on groups of eight rows and on vectors of up to 16 elements; only the last chunk may cut one.
  private static var alignment: Int { 64 }

  let rows: Int
  /// Rows in every chunk but the last.
  let size: Int

  var count: Int { (rows + size - 1) / size }

  /// `rows` and `classes` are those of a validated problem, and neither is 0.
  init(rows: Int, classes: Int) {
    self.rows = rows
    let wanted = max((rows + Self.limit - 1) / Self.limit, (Self.smallest + classes - 1) / classes)
    // Long rows are not grouped.
    size = classes > Self.smallest ? wanted : (wanted + Self.alignment - 1) / Self.alignment * Self.alignment
  }

  func first(_ chunk: Int) -> Int { chunk * size }
  func chunk(of row: Int) -> Int { row / size }
  func count(_ chunk: Int) -> Int { min(size, rows - chunk * size) }
}
