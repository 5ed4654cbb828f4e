"""The rule of the language behind an error code, in a sentence or two of our own.

The rules themselves are those of the Rust Reference and of the Rust Book; the codes are those that learners meet
most often. A code that is not here is explained by ``rustc --explain`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MOVE = (
    "A value has one owner. Passing or assigning it moves it, unless its type is `Copy`, and after the move the old "
    "name holds nothing to use."
)
_SHARED_OR_MUT = (
    "At any time a value may be borrowed by any number of readers (`&`) or by exactly one writer (`&mut`), never both."
)
_OUTLIVE = (
    "A reference must not outlive what it points to: the value has to live at least as long as every borrow of it."
)
_MUTABLE = "Bindings and borrows are read-only unless they say `mut`, and writing needs `mut` all the way to the value."
_BEHIND = "What is only borrowed belongs to someone else: it can be read or copied there, but not moved away."
_NAME = "Every name has to be declared in this scope or brought into it with `use`; spelling and case count."
_TRAIT_BOUND = (
    "An operation that comes from a trait works only for types that implement the trait; generic code has to ask for "
    "it with a bound."
)
_LIFETIME = (
    "A reference in a signature or a type carries a lifetime. Where the usual rules cannot tell which, it has to be "
    "written."
)
_ARGUMENTS = "A call gives exactly as many arguments as the function declares, in the same order and of the same types."
_IMPL = "An `impl` of a trait provides what the trait declares, with the same names and signatures, and nothing else."
_PRIVATE = "Items and fields are private to their module and its children unless they are marked `pub`."

_CAST = "`as` converts between numbers and a few other simple types; all else has `From`, `Into` or a method."

RULES: Final[Mapping[str, str]] = {
    "E0004": "A `match` has to have an arm for every value that can occur, so that nothing falls through unnoticed.",
    "E0005": "The pattern of a plain `let` has to match every value; for one that may not match there is `let … else`.",
    "E0023": "The pattern of a tuple struct or variant names exactly as many fields as it has; `..` skips the rest.",
    "E0026": "A struct pattern can only name fields that the struct has.",
    "E0027": "A struct pattern names every field, or ends with `..` to skip the others.",
    "E0040": "Rust calls `drop` itself when a value goes out of scope; to end it earlier pass it to `drop(value)`.",
    "E0046": _IMPL,
    "E0050": _IMPL,
    "E0053": _IMPL,
    "E0060": _ARGUMENTS,
    "E0061": _ARGUMENTS,
    "E0063": "A struct literal gives every field a value, or takes the others from a value with `..`.",
    "E0069": "A function that declares a return type has to return a value of it on every path.",
    "E0072": "A type that holds itself would be infinitely large; a pointer such as `Box` in between gives it a size.",
    "E0106": _LIFETIME,
    "E0107": "A generic type or function gets as many type and lifetime arguments as it declares parameters.",
    "E0117": "A trait can be implemented for a type only where the trait or the type is defined (the orphan rule).",
    "E0119": "There can be only one implementation of a trait for a type; two that could overlap are refused.",
    "E0133": "What the compiler cannot check for memory safety may only be done inside `unsafe`, by someone who did.",
    "E0184": "A type with `Drop` cannot be `Copy`: copies would be dropped more than once.",
    "E0204": "A type can be `Copy` only if every one of its fields is.",
    "E0255": "A name stands for one thing in its scope; an import of the same name needs another one (`as`).",
    "E0261": "A lifetime has to be declared, as in `fn name<'a>`, before it is used.",
    "E0263": "A lifetime is declared once in the same scope.",
    "E0267": "`break` and `continue` belong to a loop in the same function or closure.",
    "E0268": "`break` and `continue` belong to a loop.",
    "E0277": _TRAIT_BOUND,
    "E0282": "Every value has one type that is known when compiling; where nothing tells which, it has to be written.",
    "E0283": "Where several types would do, the code has to say which one is meant.",
    "E0308": "An expression has one type, and it has to be the one that its place asks for. Rust converts almost "
    "nothing by itself.",
    "E0310": _LIFETIME,
    "E0364": _PRIVATE,
    "E0369": _TRAIT_BOUND,
    "E0373": "A closure that may run later than its surroundings has to own what it uses: `move` hands it over.",
    "E0381": "A variable has to have a value on every path before it is read.",
    "E0382": _MOVE,
    "E0384": "A variable gets its value once, unless it is declared with `let mut`.",
    "E0403": "The parameters of one generic list have different names.",
    "E0404": "Only a trait can be implemented or stand as a bound.",
    "E0405": _NAME,
    "E0407": _IMPL,
    "E0412": _NAME,
    "E0415": "The parameters of a function have different names.",
    "E0416": "A pattern binds each name once.",
    "E0423": _NAME,
    "E0424": "`self` exists only in methods, which take it as their first parameter.",
    "E0425": _NAME,
    "E0426": "A loop label has to be declared on an enclosing loop.",
    "E0428": "A name is defined once in its module.",
    "E0432": "A path in `use` has to lead to something that exists, through modules that are declared.",
    "E0433": "Every part of a path has to be declared here, imported with `use`, or be a crate that is depended on.",
    "E0434": "A `fn` inside a function cannot see its local variables; a closure can.",
    "E0435": "The length of an array and other constants have to be known when compiling.",
    "E0499": _SHARED_OR_MUT,
    "E0502": _SHARED_OR_MUT,
    "E0503": _SHARED_OR_MUT,
    "E0505": "While a value is borrowed it stays where it is: it cannot be moved before the last use of the borrow.",
    "E0506": "While a value is borrowed it cannot be assigned: who borrowed it would see it change.",
    "E0507": _BEHIND,
    "E0508": _BEHIND,
    "E0509": "A value with a `Drop` of its own goes as a whole; its fields cannot be moved out one by one.",
    "E0515": "A function's local variables end with it, so a reference to one of them cannot be returned.",
    "E0521": _OUTLIVE,
    "E0559": "A struct literal can only name fields that the struct or variant has.",
    "E0560": "A struct literal can only name fields that the struct has.",
    "E0565": "An attribute takes its arguments in the form that it defines.",
    "E0583": "`mod name;` looks for `name.rs` or `name/mod.rs` beside the file that declares it.",
    "E0594": _MUTABLE,
    "E0596": _MUTABLE,
    "E0597": _OUTLIVE,
    "E0599": "A method can be called only on a type that has it, itself or through a trait that is in scope and whose "
    "conditions hold.",
    "E0600": _TRAIT_BOUND,
    "E0601": "A program begins in `fn main`, in the root file of its crate.",
    "E0603": _PRIVATE,
    "E0605": _CAST,
    "E0606": _CAST,
    "E0607": "A thin pointer cannot become one to an unsized value: its length is nowhere to be found.",
    "E0608": "Square brackets work on types that implement `Index`, such as arrays, slices, `Vec` and maps.",
    "E0609": "A field can be read only where the type has one of that name.",
    "E0610": "Only structs, tuples and unions have fields; a number or another simple type has none.",
    "E0614": "`*` follows a reference or a smart pointer; a plain value has nothing behind it.",
    "E0615": "A method is called with parentheses; without them the compiler looks for a field.",
    "E0616": _PRIVATE,
    "E0618": "Only functions, closures and tuple structs can be called with parentheses.",
    "E0620": "A cast cannot produce a slice; borrow one instead.",
    "E0621": _LIFETIME,
    "E0623": _LIFETIME,
    "E0624": _PRIVATE,
    "E0658": "Unstable features exist only on the nightly compiler.",
    "E0716": "A temporary value ends with its statement; to borrow it for longer bind it with `let` first.",
    "E0728": "`.await` belongs inside an `async` function or block.",
    "E0732": "An enum whose variants carry data and numbers has to state how it is laid out.",
    "E0746": "A function returns a value of known size: `impl Trait` for one type, `Box<dyn Trait>` for several.",
    "E0765": "A string ends with the double quote that it began with.",
    "E0782": "A trait used as a type says so: `dyn Trait` behind a pointer, or `impl Trait`.",
}
