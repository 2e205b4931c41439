/** Programs that never end, or want more than there is, of all kinds: none may take the machine away. */
export const runaways: readonly (readonly [name: string, expression: string])[] = [
  ["a loop without end", "[ true ] whileTrue"],
  ["a recursion without end", "| f | f := nil. f := [ f value + 1 ]. f value"],
  [
    "a process that makes others",
    "| f | f := nil. f := [ [ f value ] fork. [ f value ] fork ]. f value. [ true ] whileTrue",
  ],
  [
    "processes that make others and go on",
    "| f | f := nil. f := [ [ f value ] fork. f value ]. f value",
  ],
  ["an Array larger than memory", "Array new: (1 bitShift: 40)"],
  ["a number larger than memory", "2 ** (2 ** 40)"],
  ["a printString without end", "| c | c := OrderedCollection new. c add: c. c printString size"],
  [
    "an allocation without end",
    "| c | c := OrderedCollection new. [ c add: (Array new: 1000) ] repeat",
  ],
  ["an unwind block without end", "[ [ true ] whileTrue ] ensure: [ ]"],
  [
    "a handler without end",
    "| f | f := nil. f := [ [ 1 / 0 ] on: ZeroDivide do: [ :e | f value ] ]. f value",
  ],
  ["an unwind block that loops", "[ [ true ] whileTrue ] ensure: [ [ true ] whileTrue ]"],
  [
    "unwind blocks that make others",
    "| f | f := nil. f := [ [ [ true ] whileTrue ] ifCurtailed: [ f value ] ]. f value",
  ],
  ["what resists being ended", "[ [ true ] whileTrue ] valueUninterruptably"],
  ["a loop at the highest priority", "[ [ true ] whileTrue ] forkAt: 80"],
  ["a loop that nobody preempts", "[ [ true ] whileTrue ] valueUnpreemptively"],
  [
    "processes of high priority that make others",
    "| f | f := nil. f := [ [ f value ] forkAt: 70. f value ]. f value",
  ],
  [
    "the last message to an object that does not end",
    "(Object subclass: #Lasting) compile: 'finalize [ true ] whileTrue'. FinalizationRegistry default add: (Smalltalk at: #Lasting) new. Smalltalk garbageCollect. [ true ] whileTrue",
  ],
  ["collections without end", "[ Smalltalk garbageCollect ] repeat"],
  ["walks through memory without end", "[ Object allInstances ] repeat"],
  ["a number that grows without end", "| n | n := 3. [ n := n * n ] repeat"],
  [
    "long numbers printed without end",
    "| n | n := 1 << 1000000. [ (n := n + 1) printString ] repeat",
  ],
];
