"""The words that a question is taken apart with: tables only; :mod:`knowledgegraph.words` reads them."""

from __future__ import annotations

import re

# Words that ask, not words that are asked about.
_STOP_TEXT = """
a about above actually after again all already also always am an and another any anybody anyone anything appropriate
are aren around as ask at away bad be because been before being best better between both but by came can cannot cant
come comes complain complains correct correctly could couldn did didn difference different do does doesn doing don
done down due during each either else entire equivalent error errors ever every everything exactly example explain
far few fine first fix for from fully gave get gets getting give gives go goes going gone good got had happen
happening happens has have haven having he help her here hers hey hi him his how however i idea if in instead into
is isn it its itself just keep keeps kind know later least less let lets life like ll long look looks made make
makes making many may maybe me mean meaning means message might mine mistake more most much multiple must my myself
need needed needs never no nor not nothing now of off often ok okay on once one ones only onto or other others our
out over own particular people please possible problem proper properly purpose purposes question quite rather re
really right s said same say saying says see seem seems shall she should shouldn show since so some somehow someone
something somewhat sort specific still such sure t take tell tells than thank thanks that the their them then there
these they thing things think this those though through thus to together told too trouble try trying two understand
until up upon us use used useful uses using various ve versa versus very via vice vs want wanted wants was wasn way
ways we well went were weren what whatever when where whether which while who whole whom whose why will with within
without won wont work working works world would wouldn wrong yes yet you your yours
"""
STOP = frozenset(_STOP_TEXT.split())

# Words that name one of our domains. They steer; what they name is not what is asked about it.
DOMAIN_WORDS = {
    "rust": "rust", "rustlang": "rust", "cargo": "rust", "rustc": "rust", "clippy": "rust", "crate": "rust",
    "git": "git", "gh": "gh", "github": "gh",
    "linux": "linux", "unix": "linux", "ubuntu": "linux", "debian": "linux", "bash": "linux", "shell": "linux",
    "terminal": "linux", "sudo": "linux",
}  # fmt: skip
ONLY_STEERING = frozenset({"rust", "rustlang", "git", "gh", "linux", "unix", "ubuntu", "debian"})

# Other languages and crafts, where the word means nothing else. A question that names one, and none of our domains,
# is about that.
_ELSEWHERE_TEXT = """python javascript typescript java kotlin haskell golang ruby php perl scala css html sql mysql
postgres postgresql angular vue django nodejs npm numpy pandas powershell matlab wordpress android kubernetes mongodb
jquery cobol fortran goroutine goroutines svn mercurial perforce react redux svelte tailwind bootstrap excel powerpoint
photoshop iphone ipad ios macos xcode swiftui flutter dart elixir erlang clojure lua julia delphi vba dotnet pytorch
tensorflow django flask laravel symfony rails nextjs electron unity godot minecraft arduino
cmake oracle docker podman jenkins ansible terraform aws azure redis outlook salesforce autocad"""
ELSEWHERE = frozenset(_ELSEWHERE_TEXT.split())
# ... and those whose names mean something else, too.
ELSEWHERE_NAMED = re.compile(
    r"\b(?:in|using|with|for) (?:Go|Swift|R|C#|C\+\+|Java|Word|Windows|Basic)(?!\w)|\bC#(?!\w)|\.NET\b"
)

# What a question is most likely about that uses the word, when it names no domain.
_LEANING_TEXT = {
    "git": """
        commit commits committed uncommitted unpushed branch branches rebase rebasing stash staged unstaged
        staging merge merging remote origin upstream head reflog submodule submodules bisect blame checkout
        repository repositories push pushed pull fetch gitignore hunk cherry pick revert conflicts tag tags""",
    "gh": """
        pr prs issue issues workflow workflows actions gist gists artifact artifacts codespace codespaces
        organization secrets reviewer reviewers assignee fork forks""",
    "linux": """
        directory directories folder folders file files disk process processes pid daemon user users sudo
        root permission permissions owner script scripts cron crontab ssh symlink mount partition kernel
        systemd service command commands stdout stderr pipe log logs zip tar archive port ports network
        memory cpu""",
    "rust": """
        struct structs enum enums trait traits impl borrow borrowed borrowing borrows lifetime lifetimes vec
        vector closure closures macro macros mut mutable immutable iterator iterators generic generics
        unwrap option result panic async await unsafe crate crates cargo function functions variable
        variables compile compiler compiles string strings str slice slices tuple array arrays hashmap mutex
        arc rc box boxed pointer pointers type types method methods field fields pattern match module
        modules derive ownership moved integer float enum loop println return returns thread threads static
        const test tests""",
}
LEANING = {word: domain for domain, text in _LEANING_TEXT.items() for word in text.split()}

# What learners call things, and what the documentation calls them. Both are searched for.
_SAME_TEXT = """
exclude omit ignore prune skip; excluding omit ignore prune; ignore exclude;
folder directory; folders directories; subfolder subdirectory; delete remove; deleted removed; deleting removing;
erase remove; wipe remove; parameter argument; parameters arguments; null none option; nil none option; exception
panic error; exceptions panic errors; class struct; classes structs; interface trait; interfaces traits; inheritance
trait; constructor new; constructors new; dictionary hashmap; hashtable hashmap; map hashmap; keyboard stdin; console
terminal stdout; initialise initialize; initialisation initialization; initialising initializing; serialise serialize;
organisation organization; colour color; behaviour behavior; cast convert; stringify to_string; concatenate append
push_str; join concat; undo revert reset restore; discard restore; unstage restore; rename mv; upload push copy;
download fetch clone; schedule cron crontab; frozen kill; hang kill; capitalize uppercase; capitalizing uppercase;
capitalization case; capitalisation case; lowercase lower; sleep wait; random rand; multithreading threads;
multithreaded threads; parallel threads; callback closure; callbacks closures; lambda closure; lambdas closures;
overload operator; overloading operator; singleton static; global static; globals static; immutable mut; mutate mut
mutable; char character; int integer; uint unsigned; float floating; bool boolean; username user; accounts account
auth; pr pull; prs pulls; repo repository; repos repositories; dir directory; dirs directories; config configuration;
env environment; executable chmod permission; runnable executable; symlink symbolic; hardlink hard; args arguments;
cli terminal; printf print; logging log; debug debugger; location which path; space disk usage; size usage; multiple
several; shortcut alias; squash rebase; rollback revert; timeout duration; substring slice; splice slice; sizeof
size_of; typeof type_name; instanceof downcast; foreach iter; enumerate index; iterate iterator; looping loop; ternary
if; switch match; async future; promise future; coroutine async; goroutine thread; destructor drop; finalizer drop;
generics generic; template generic; templates generics; polymorphism dyn; vtable dyn; namespace module; package crate;
library crate; import use; include use; header module; subclass trait
"""
SAME = {
    entry.split()[0]: tuple(entry.split()[1:]) for entry in _SAME_TEXT.replace("\n", " ").split(";") if entry.strip()
}
