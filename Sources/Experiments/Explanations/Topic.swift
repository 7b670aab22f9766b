import MartletReports

/// An explanation before its numbers are computed: the words, and how to get the rest.
///
/// No number that the code decides is written by hand: it is read from a default value, or traced.
package struct Topic: Sendable {
  /// What is typed to read it.
  package let name: String
  package let group: Explanation.Group
  package let title: String
  /// One sentence.
  package let summary: String
  let formulas: [String]
  /// Paragraphs.
  let text: [String]
  package let seeAlso: [String]
  /// What is computed when someone asks.
  let computed: @Sendable () throws -> [Explanation.Block]

  init(
    _ group: Explanation.Group, _ name: String, title: String? = nil, _ summary: String,
    formulas: [String] = [], _ text: [String], seeAlso: [String] = [],
    computed: @escaping @Sendable () throws -> [Explanation.Block] = { [] }
  ) {
    self.group = group
    self.name = name
    self.title = title ?? name
    self.summary = summary
    self.formulas = formulas
    self.text = text
    self.seeAlso = seeAlso
    self.computed = computed
  }

  /// The whole explanation.
  package func explanation() throws -> Explanation {
    Explanation(
      name: name, group: group, title: "\(title) (\(group.prefix))", summary: summary,
      blocks: formulas.map { .formula($0) } + text.map { .paragraph($0) } + (try computed()),
      seeAlso: seeAlso)
  }
}

extension Topic {
  /// Everything that can be explained, group by group.
  package static let all: [Topic] =
    ideas + models + layers + activations + losses + optimizers + schedules + datasets

  /// The topics of a group in their order.
  package static func all(in group: Explanation.Group) -> [Topic] { all.filter { $0.group == group } }
}
