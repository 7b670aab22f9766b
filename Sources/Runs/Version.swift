/// The version of Martlet, as run folders and the command tell it.
package let martletVersion = "0.2.0"
