# The demo channel: sixty small jobs, and among them one of each thing that can go wrong. No package
# collection is needed: the builder is a static busybox that lies beside this file.
{ ... }:

let
  system = import ./system.nix;
  tools = ./tools;

  # A derivation whose builder is busybox's shell. `needs` are its inputs, by name.
  job =
    name:
    {
      script,
      needs ? { },
      outputs ? [ "out" ],
      meta ? { },
      extra ? { },
    }:
    (derivation (
      {
        inherit name system outputs;
        builder = "${tools}/busybox";
        args = [
          "sh"
          "-euc"
          script
        ];
      }
      // needs
      // extra
    ))
    // {
      meta = {
        description = "demo job ${name}";
        license = "CC0-1.0";
      }
      // meta;
    };

  # pkg-i needs pkg-(i/2) and pkg-(i/3): forty builds, six levels deep.
  names = builtins.genList (i: "pkg-${toString i}") 40;
  pkg =
    i:
    job "pkg-${toString i}" {
      needs =
        if i == 0 then
          { }
        else
          {
            half = graph."pkg-${toString (i / 2)}";
            third = graph."pkg-${toString (i / 3)}";
          };
      script = ''
        echo "building pkg-${toString i} on $NIX_BUILD_CORES cores"
        busybox=${tools}/busybox
        $busybox mkdir -p $out/share
        {
          echo "I am pkg-${toString i}"
          ${if i == 0 then "" else ''echo "half:  $half"; echo "third: $third"''}
        } > $out/share/story
        $busybox cat $out/share/story
      '';
    };
  graph = builtins.listToAttrs (
    builtins.genList (i: {
      name = builtins.elemAt names i;
      value = pkg i;
    }) 40
  );

  # Leaves on the graph, each with a little more to do.
  leaf =
    i:
    job "leaf-${toString i}" {
      needs = {
        base = graph."pkg-${toString (i * 4)}";
      };
      script = ''
        for step in unpack configure build check install; do
          echo "phase: $step"
        done
        ${tools}/busybox sha256sum $base/share/story > $out
      '';
    };
  leaves = builtins.listToAttrs (
    builtins.genList (i: {
      name = "leaf-${toString i}";
      value = leaf i;
    }) 8
  );

  special = rec {
    multiple-outputs = job "multiple-outputs" {
      outputs = [
        "out"
        "doc"
        "lib"
      ];
      script = ''
        b=${tools}/busybox
        $b mkdir -p $out/bin $doc/share $lib/lib
        echo "library" > $lib/lib/demo
        echo "see $lib" > $out/bin/demo
        echo "manual of $out" > $doc/share/manual
      '';
    };

    uses-one-output = job "uses-one-output" {
      needs.library = multiple-outputs.lib;
      script = "${tools}/busybox cp $library/lib/demo $out";
    };

    failing = job "failing" {
      meta.description = "a builder that ends with exit status 3";
      script = ''
        echo "checking for a C compiler... no"
        echo "error: no acceptable C compiler found" >&2
        exit 3
      '';
    };

    failed-dependency = job "failed-dependency" {
      meta.description = "needs what fails, so it is never tried";
      needs.input = failing;
      script = "echo $input > $out";
    };

    failed-dependency-of-it = job "failed-dependency-of-it" {
      needs.input = failed-dependency;
      script = "echo $input > $out";
    };

    silent = job "silent" {
      meta = {
        description = "prints nothing for longer than its limit of 3 seconds";
        maxSilent = 3;
      };
      script = ''
        echo "thinking"
        ${tools}/busybox sleep 600
      '';
    };

    over-its-time = job "over-its-time" {
      meta = {
        description = "talks on and on, over its limit of 3 seconds";
        timeout = 3;
      };
      script = ''
        while true; do
          echo "still going"
          ${tools}/busybox sleep 1
        done
      '';
    };

    evaluation-error = throw "this job was left broken on purpose";

    other-system = job "other-system" {
      meta.description = "for a system that no worker of the demo has";
      extra.system = "riscv64-linux";
      script = "echo rare > $out";
    };

    missing-output = job "missing-output" {
      meta.description = "says that it is done and leaves nothing";
      script = "echo done";
    };

    wrong-hash = job "wrong-hash" {
      meta.description = "a fixed output with another hash than declared";
      script = "echo surprise > $out";
      extra = {
        outputHashMode = "flat";
        outputHashAlgo = "sha256";
        outputHash = "0000000000000000000000000000000000000000000000000000";
      };
    };

    long-log = job "long-log" {
      meta.description = "a log of 100,000 lines in colours";
      script = ''
        ${tools}/busybox awk 'BEGIN {
          for (i = 1; i <= 100000; i++)
            printf "\033[3%dm%6d\033[0m \033[1mcompiling\033[0m module-%d.c\n", 1 + i % 6, i, i
        }'
        echo done > $out
      '';
    };
  };
in
graph // leaves // special
