/// What a part of the library is and does, told to someone who learns it: structure, no layout.
///
/// Paragraphs are whole lines, so that a terminal and a page can each break them as they need.
package struct Explanation: Sendable {
  /// What kind of thing is explained.
  package enum Group: String, CaseIterable, Sendable {
    case idea = "Ideas"
    case model = "Models"
    case layer = "Layers"
    case activation = "Activation functions"
    case loss = "Losses"
    case optimizer = "Optimizers"
    case schedule = "Schedules of the learning rate"
    case dataset = "Data sets"

    /// What stands before a name where several groups have it: `layer:Dense`.
    package var prefix: String {
      switch self {
      case .idea: "idea"
      case .model: "model"
      case .layer: "layer"
      case .activation: "activation"
      case .loss: "loss"
      case .optimizer: "optimizer"
      case .schedule: "schedule"
      case .dataset: "dataset"
      }
    }
  }

  /// A piece of the text.
  package enum Block: Sendable {
    case heading(String)
    case paragraph(String)
    /// A line of mathematics or code, which is not broken.
    case formula(String)
    case items([String])
    case table(Table)
    /// Lines of characters that stand where they stand.
    case drawing([String])
  }

  /// What is typed to read it.
  package var name: String
  package var group: Group
  package var title: String
  /// One sentence.
  package var summary: String
  package var blocks: [Block]
  /// The names of related explanations.
  package var seeAlso: [String]

  package init(
    name: String, group: Group, title: String, summary: String, blocks: [Block], seeAlso: [String]
  ) {
    self.name = name
    self.group = group
    self.title = title
    self.summary = summary
    self.blocks = blocks
    self.seeAlso = seeAlso
  }
}
