/**
 * The Nix expression that walks a channel's jobs. It tells what it does line by line through
 * `builtins.trace`, each line marked with a word that the channel cannot know, so that jobs arrive
 * while the evaluation runs and, when the evaluator dies, the last line says in which job.
 *
 * It is a string here, since only scripts reach the built tree. `tryEval` catches `throw` and
 * `assert` only: those are told as `caught`, and their words fetched by evaluating them alone.
 */
export const walkExpression = String.raw`
{ mark, file, attribute, rootName, channels, system, systems, done, only }:
let
  say = event: builtins.trace (mark + builtins.toJSON event) null;
  arguments = builtins.mapAttrs (name: path: /. + path) channels
    // { inherit system systems; supportedSystems = systems; };
  call = value:
    if !builtins.isFunction value then value
    else let formals = builtins.functionArgs value; in
      builtins.seq (say { formals = builtins.attrNames formals; })
        (value (builtins.intersectAttrs formals arguments));
  select = value: name:
    if builtins.isAttrs value && value ? ${'$'}{name} then call value.${'$'}{name}
    else throw "the selection has no attribute '${'$'}{builtins.concatStringsSep "." attribute}'";
  selected = builtins.foldl' select (call (import (/. + file))) attribute;
  isDerivation = value: (value.type or null) == "derivation";
  top =
    if !builtins.isAttrs selected
    then throw "the selection is a ${'$'}{builtins.typeOf selected}, not a set of jobs"
    else if isDerivation selected then { ${'$'}{rootName} = selected; }
    else selected;

  clean = depth: value:
    let type = builtins.typeOf value; in
    if type == "string" then builtins.unsafeDiscardStringContext value
    else if type == "path" then toString value
    else if type == "lambda" || depth == 0 then null
    else if type == "list" then map (clean (depth - 1)) value
    else if type != "set" then value
    else if isDerivation value then value.name or null
    else builtins.mapAttrs (name: clean (depth - 1)) (removeAttrs value [ "outPath" "__toString" ]);
  told = {
    description = null; longDescription = null; homepage = null; changelog = null; license = null;
    licenses = null; maintainers = null; mainProgram = null; position = null; timeout = null;
    maxSilent = null; schedulingPriority = null;
  };
  describe = key: drv: builtins.toJSON {
    job = key;
    system = drv.system;
    derivation = drv.drvPath;
    outputs = builtins.listToAttrs
      (map (name: { inherit name; value = drv.${'$'}{name}.outPath; }) (drv.outputs or [ "out" ]));
    meta = clean 5 (builtins.intersectAttrs told (drv.meta or { }));
  };

  kindOf = value:
    if !builtins.isAttrs value then builtins.typeOf value
    else if isDerivation value then "derivation"
    else "set";
  visit = path: value:
    let
      key = builtins.concatStringsSep "." path;
      kind = builtins.tryEval (kindOf value);
      job = builtins.tryEval (let text = describe key value; in builtins.seq text text);
    in
    if !kind.success then say { caught = key; }
    else if kind.value == "derivation" then
      if job.success then builtins.trace (mark + job.value) null else say { caught = key; }
    else if kind.value == "set" then
      if builtins.length path >= 32 then say { wrong = key; words = "is nested too deeply"; }
      else builtins.seq (say { opened = key; }) (visitAll path value)
    else if kind.value == "null" then say { nothing = key; }
    else say { wrong = key; words = "is a ${'$'}{kind.value}, neither a job nor a set of jobs"; };
  visitNamed = path: set: name:
    let
      here = path ++ [ name ];
      key = builtins.concatStringsSep "." here;
    in
    if name == "recurseForDerivations" || done ? ${'$'}{key} then null
    else if builtins.match "[^. /[:cntrl:]]+" name == null then
      say { wrong = key; words = "has a name that no job can have"; }
    else builtins.seq (say { begun = key; }) (visit here set.${'$'}{name});
  visitAll = path: set:
    builtins.foldl' (last: name: builtins.seq (visitNamed path set name) last) true
      (builtins.attrNames set);

  lone = builtins.foldl' (set: name: set.${'$'}{name}) top only;
in
if only == null then builtins.seq top (visitAll [ ] top)
else builtins.seq (if kindOf lone == "derivation" then describe "" lone else null) true
`;

/** What the walk is told; paths are those that the evaluator sees. */
export interface WalkArguments {
  readonly mark: string;
  readonly file: string;
  readonly attribute: readonly string[];
  /** The job's name when the selection is itself a derivation. */
  readonly rootName: string;
  readonly channels: Readonly<Record<string, string>>;
  readonly system: string;
  readonly systems: readonly string[];
  /** Jobs told before, as keys: they are passed over without being evaluated. */
  readonly done: Readonly<Record<string, true>>;
  /** Evaluate this attribute path alone, and let it fail. */
  readonly only: readonly string[] | null;
}

/** The whole expression, to be read by `nix-instantiate -`. */
export function printWalk(walk: WalkArguments): string {
  return `(${walkExpression}) (builtins.fromJSON ${nixString(JSON.stringify(walk))})\n`;
}

/** Nix knows the escapes of JSON but for control characters, of which JSON text has none. */
function nixString(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('${', '\\${');
  return `"${escaped}"`;
}
