import { describe, expect, it } from "vitest";
import { finish, miniMachine, run } from "./mini-kernel.ts";

describe("the interpreter", () => {
  it("computes with SmallIntegers and sends", () => {
    expect(run("^ 3 + 4 * 2")).toBe("14");
    expect(run("^ 20 fib")).toBe("21891");
    expect(
      run("^ {7 // 2. -7 // 2. 7 \\\\ -2. -7 \\\\ 2. 6 / 3. 5 bitAnd: 3. 1 bitShift: 10}"),
    ).toBe("(3 -4 -1 1 2 1 1024)");
  });

  it("sends the operation's selector where SmallIntegers overflow", () => {
    expect(run("^ 1073741823 + 1")).toBe("overflow");
    expect(run("| x | x := 1073741823. x := x + 1. ^ x")).toBe("overflow");
  });

  it("computes with Floats", () => {
    expect(run("^ {1.5 + 1. 2 * 0.25. 1.0 < 2. 3 >= 3.5}")).toBe("(2.5 0.5 true false)");
  });

  it("branches, loops and indexes", () => {
    expect(run("| sum | sum := 0. 1 to: 100 do: [ :i | sum := sum + i ]. ^ sum")).toBe("5050");
    expect(run("| a | a := {1. 2. 3}. a at: 2 put: 9. ^ {a at: 1. a at: 2. a at: 4}")).toBe(
      "(1 9 bounds)",
    );
    expect(run("| x | x := 3. ^ x > 2 ifTrue: [ #yes ] ifFalse: [ #no ]")).toBe("yes");
    expect(run("^ nil ifNil: [ 5 ]")).toBe("5");
  });

  it("asks what is no Boolean to become one", () => {
    expect(run("^ 3 ifTrue: [ 1 ] ifFalse: [ 2 ]")).toBe("2");
  });

  it("runs blocks with arguments, copied values and shared variables", () => {
    expect(run("| b | b := [ :x :y | x - y ]. ^ b value: 7 value: 2")).toBe("5");
    expect(run("| n b | n := 0. b := [ n := n + 1 ]. b value. b value. ^ n")).toBe("2");
    expect(run("| b | b := [ :x | x ]. ^ b value")).toBe("arity");
    expect(run("^ [ :x :y | {x. y} ] valueWithArguments: #(1 2)")).toBe("(1 2)");
  });

  it("makes each turn of an inlined loop its own variables", () => {
    expect(
      run(
        "| bs | bs := {nil. nil}. 1 to: 2 do: [ :i | | j | j := i * 10. bs at: i put: [ j ] ]. ^ {(bs at: 1) value. (bs at: 2) value}",
      ),
    ).toBe("(10 20)");
  });

  it("performs selectors", () => {
    expect(run("^ 3 perform: #+ with: 4")).toBe("overflow");
    expect(run("^ 5 perform: #fib")).toBe("15");
    expect(run("^ 3 perform: #@ withArguments: #(4)")).toBe("a Point");
    expect(run("^ 3 perform: #fib with: 4")).toBe("failed");
  });

  it("sends doesNotUnderstand: with the message", () => {
    expect(run("3 foo: 4 bar: 5. ^ Log")).toBe("(nil foo:bar:)");
    expect(run("3 perform: #foo. ^ Log")).toBe("(nil foo)");
  });

  it("returns from the home method, over frames and over Contexts", () => {
    const extra = {
      Mini: [
        "class find: n\n\tself each: [ :x | x = n ifTrue: [ ^ {#found. x} ] ].\n\t^ #none",
        "class each: aBlock\n\t1 to: 10 do: [ :i | aBlock value: i ]",
        "class deep: n do: aBlock\n\tn = 0 ifTrue: [ ^ aBlock value ].\n\tself deep: n - 1 do: aBlock.\n\t^ #wrong",
        "class over: n\n\tself deep: n do: [ ^ #right ].\n\t^ #wrong",
      ],
    };
    expect(run("^ {self find: 3. self find: 11}", extra)).toBe("((found 3) none)");
    expect(run("^ self over: 10", extra)).toBe("right");
    expect(run("^ self over: 100000", extra)).toBe("right");
    expect(
      run("| b | b := self blockReturning. b value. ^ #wrong", {
        Mini: ["class blockReturning\n\t^ [ ^ 1 ]"],
      }),
    ).toBe("1");
  });

  it("runs unwind blocks on the way of a non-local return", () => {
    const extra = {
      Mini: [
        "class leave\n\t[ [ ^ 7 ] ensure: [ self log: #first ] ] ensure: [ self log: #second ]",
      ],
      FullBlockClosure: ["home\n\t^ outerContext home"],
      Context: ["home\n\t^ closureOrNil isNil ifTrue: [ self ] ifFalse: [ closureOrNil home ]"],
    };
    expect(run("| r | r := self leave. ^ {r. Log}", extra)).toBe(
      "(7 (((nil unwind) first) second))",
    );
  });

  it("recurses a million frames deep", () => {
    expect(run("^ 1000000 deep")).toBe("1000000");
  });

  it("reads and changes contexts", () => {
    expect(
      run("^ self jump", {
        Mini: [
          "class jump\n\tself over.\n\t^ #wrong",
          "class over\n\tthisContext sender return: #right",
        ],
      }),
    ).toBe("right");
  });

  it("switches processes on semaphores", () => {
    const extra = {
      Context: [
        "class newFor: code receiver: r closure: c\n\t^ (self newForCode: code) receiver: r closure: c; start; yourself",
        "start\n\tpc := 4 + method literalCount",
        "class newForCode: code\n\t<primitive: #contextNew>\n\t^ #failed",
      ],
      CompiledBlock: [
        "shapeAt: index\n\t<primitive: #codeSlotAt>\n\t^ #failed",
        "literalCount\n\t^ (self shapeAt: 1) \\\\ 65536",
      ],
      Process: ["copied: c\n\t^ self"],
    };
    expect(
      run(
        "| s t | s := Semaphore new setUp; yourself. t := Semaphore new setUp; yourself. ([ self log: 1. s wait. self log: 3. t signal ] newProcess: 50) resume. self log: 2. s signal. t wait. self log: 4. ^ Log",
        extra,
      ),
    ).toBe("(((( nil 1) 2) 3) 4)".replace("( nil", "(nil"));
  });

  it("gives the same answer with a collection at every safepoint", () => {
    const machine = miniMachine(
      "| a | a := nil. 1 to: 300 do: [ :i | a := {i. a. [ i ]. 5 fib} ]. ^ {a at: 1. ((a at: 2) at: 3) value}",
    );
    machine.interpreter.stressInterval = 1;
    expect(finish(machine)).toBe("(300 299)");
  });

  it("becomes in both ways", () => {
    expect(run("| p q | p := 1 @ 2. q := {5}. {p} become: {q}. ^ {p. q x}")).toBe("((5) 1)");
    expect(run("| p q | p := 1 @ 2. q := 3 @ 4. p becomeForward: q. ^ p x")).toBe("3");
  });
});
