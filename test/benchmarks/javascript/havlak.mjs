/**
 * Havlak's recognition of loops in a control flow graph, after R. Hundt. The
 * names are those of P. Havlak, "Nesting of Reducible and Irreducible Loops",
 * 1997.
 */
import { Benchmark } from "./benchmark.mjs";
import { IdentityDictionary, SomIdentitySet, SomSet, Vector } from "./som.mjs";

class BasicBlock {
  constructor(name) {
    this.name = name;
    this.inEdges = new Vector(2);
    this.outEdges = new Vector(2);
  }

  predecessorCount() {
    return this.inEdges.size();
  }

  addInEdge(from) {
    this.inEdges.append(from);
  }

  addOutEdge(to) {
    this.outEdges.append(to);
  }

  customHash() {
    return this.name;
  }
}

class BasicBlockEdge {
  constructor(cfg, fromName, toName) {
    this.from = cfg.createNode(fromName);
    this.to = cfg.createNode(toName);
    this.from.addOutEdge(this.to);
    this.to.addInEdge(this.from);
    cfg.addEdge(this);
  }
}

class ControlFlowGraph {
  constructor() {
    this.startNode = null;
    this.basicBlockMap = new Vector();
    this.edgeList = new Vector();
  }

  createNode(name) {
    let node = this.basicBlockMap.at(name);
    if (node == null) {
      node = new BasicBlock(name);
      this.basicBlockMap.atPut(name, node);
    }
    if (this.nodeCount() === 1) this.startNode = node;
    return node;
  }

  addEdge(edge) {
    this.edgeList.append(edge);
  }

  nodeCount() {
    return this.basicBlockMap.size();
  }
}

class SimpleLoop {
  constructor(header, isReducible) {
    this.counter = 0;
    this.depthLevel = 0;
    this.parent = null;
    this.isRoot = false;
    this.nestingLevel = 0;
    this.isReducible = isReducible;
    this.header = header;
    this.basicBlocks = new SomIdentitySet();
    this.children = new SomIdentitySet();
    if (header !== null) this.basicBlocks.add(header);
  }

  addNode(basicBlock) {
    this.basicBlocks.add(basicBlock);
  }

  addChildLoop(loop) {
    this.children.add(loop);
  }

  setParent(parent) {
    this.parent = parent;
    parent.addChildLoop(this);
  }

  setNestingLevel(level) {
    this.nestingLevel = level;
    if (level === 0) this.isRoot = true;
  }
}

class LoopStructureGraph {
  constructor() {
    this.loopCounter = 0;
    this.loops = new Vector();
    this.root = this.createNewLoop(null, true);
    this.root.setNestingLevel(0);
  }

  createNewLoop(header, isReducible) {
    const loop = new SimpleLoop(header, isReducible);
    loop.counter = this.loopCounter;
    this.loopCounter += 1;
    this.loops.append(loop);
    return loop;
  }

  calculateNestingLevel() {
    this.loops.forEach((loop) => {
      if (!loop.isRoot && loop.parent === null) loop.setParent(this.root);
    });
    this.calculateNestingLevelOf(this.root, 0);
  }

  calculateNestingLevelOf(loop, depth) {
    loop.depthLevel = depth;
    loop.children.forEach((child) => {
      this.calculateNestingLevelOf(child, depth + 1);
      loop.setNestingLevel(Math.max(loop.nestingLevel, 1 + child.nestingLevel));
    });
  }

  loopCount() {
    return this.loops.size();
  }
}

class UnionFindNode {
  constructor() {
    this.parent = null;
    this.basicBlock = null;
    this.loop = null;
    this.dfsNumber = 0;
  }

  init(basicBlock, dfsNumber) {
    this.parent = this;
    this.basicBlock = basicBlock;
    this.dfsNumber = dfsNumber;
    this.loop = null;
  }

  findSet() {
    const nodeList = new Vector();
    let node = this;
    while (node !== node.parent) {
      if (node.parent !== node.parent.parent) nodeList.append(node);
      node = node.parent;
    }
    nodeList.forEach((each) => {
      each.union(this.parent);
    });
    return node;
  }

  union(node) {
    this.parent = node;
  }
}

const unvisited = 1073741823;
const maximalNonBackPreds = 32 * 1024;

const nonHeader = 1;
const reducible = 2;
const self = 3;
const irreducible = 4;
const dead = 5;

class HavlakLoopFinder {
  constructor(cfg, lsg) {
    this.cfg = cfg;
    this.lsg = lsg;
    this.nonBackPreds = new Vector();
    this.backPreds = new Vector();
    this.number = new IdentityDictionary();
    this.maxSize = 0;
    this.header = null;
    this.type = null;
    this.last = null;
    this.nodes = null;
  }

  isAncestor(w, v) {
    return w <= v && v <= this.last[w];
  }

  depthFirstSearch(currentNode, current) {
    this.nodes[current].init(currentNode, current);
    this.number.atPut(currentNode, current);
    let lastId = current;
    const outEdges = currentNode.outEdges;
    for (let i = 0; i < outEdges.size(); i++) {
      const target = outEdges.at(i);
      if (this.number.at(target) === unvisited) {
        lastId = this.depthFirstSearch(target, lastId + 1);
      }
    }
    this.last[current] = lastId;
    return lastId;
  }

  initAllNodes() {
    this.cfg.basicBlockMap.forEach((basicBlock) => {
      this.number.atPut(basicBlock, unvisited);
    });
    this.depthFirstSearch(this.cfg.startNode, 0);
  }

  identifyEdges(size) {
    for (let w = 0; w < size; w++) {
      this.header[w] = 0;
      this.type[w] = nonHeader;
      const nodeW = this.nodes[w].basicBlock;
      if (nodeW === null) this.type[w] = dead;
      else this.processEdges(nodeW, w);
    }
  }

  processEdges(nodeW, w) {
    if (nodeW.predecessorCount() === 0) return;
    nodeW.inEdges.forEach((nodeV) => {
      const v = this.number.at(nodeV);
      if (v !== unvisited) {
        if (this.isAncestor(w, v)) this.backPreds.at(w).append(v);
        else this.nonBackPreds.at(w).add(v);
      }
    });
  }

  prepare(size) {
    this.nonBackPreds.removeAll();
    this.backPreds.removeAll();
    this.number.removeAll();
    if (size > this.maxSize) {
      this.header = new Array(size).fill(0);
      this.type = new Array(size).fill(0);
      this.last = new Array(size).fill(0);
      this.nodes = new Array(size).fill(null);
      this.maxSize = size;
    }
    for (let i = 0; i < size; i++) {
      this.nonBackPreds.append(new SomSet());
      this.backPreds.append(new Vector());
      this.nodes[i] = new UnionFindNode();
    }
  }

  findLoops() {
    if (this.cfg.startNode === null) return;
    const size = this.cfg.nodeCount();
    this.prepare(size);
    this.initAllNodes();
    this.identifyEdges(size);
    this.header[0] = 0;
    for (let w = size - 1; w >= 0; w--) {
      const nodeW = this.nodes[w].basicBlock;
      if (nodeW !== null && !this.findLoopsAt(w, nodeW)) return;
    }
  }

  /** Answers false if the graph is too irreducible to go on. */
  findLoopsAt(w, nodeW) {
    const nodePool = new Vector();
    this.stepD(w, nodePool);
    const workList = new Vector();
    nodePool.forEach((node) => {
      workList.append(node);
    });
    if (nodePool.size() !== 0) this.type[w] = reducible;
    while (!workList.isEmpty()) {
      const x = workList.removeFirst();
      if (this.nonBackPreds.at(x.dfsNumber).size() > maximalNonBackPreds) return false;
      this.stepE(w, nodePool, workList, x);
    }
    if (nodePool.size() > 0 || this.type[w] === self) {
      const loop = this.lsg.createNewLoop(nodeW, this.type[w] !== irreducible);
      this.setLoopAttributes(w, nodePool, loop);
    }
    return true;
  }

  stepD(w, nodePool) {
    this.backPreds.at(w).forEach((v) => {
      if (v !== w) nodePool.append(this.nodes[v].findSet());
      else this.type[w] = self;
    });
  }

  stepE(w, nodePool, workList, x) {
    this.nonBackPreds.at(x.dfsNumber).forEach((each) => {
      const y = this.nodes[each].findSet();
      if (!this.isAncestor(w, y.dfsNumber)) {
        this.type[w] = irreducible;
        this.nonBackPreds.at(w).add(y.dfsNumber);
      } else if (y.dfsNumber !== w) {
        if (!nodePool.hasSome((node) => node === y)) {
          workList.append(y);
          nodePool.append(y);
        }
      }
    });
  }

  setLoopAttributes(w, nodePool, loop) {
    this.nodes[w].loop = loop;
    nodePool.forEach((node) => {
      this.header[node.dfsNumber] = w;
      node.union(this.nodes[w]);
      if (node.loop !== null) node.loop.setParent(loop);
      else loop.addNode(node.basicBlock);
    });
  }
}

class LoopTesterApp {
  constructor() {
    this.cfg = new ControlFlowGraph();
    this.lsg = new LoopStructureGraph();
    this.cfg.createNode(0);
  }

  buildDiamond(start) {
    new BasicBlockEdge(this.cfg, start, start + 1);
    new BasicBlockEdge(this.cfg, start, start + 2);
    new BasicBlockEdge(this.cfg, start + 1, start + 3);
    new BasicBlockEdge(this.cfg, start + 2, start + 3);
    return start + 3;
  }

  buildConnect(start, end) {
    new BasicBlockEdge(this.cfg, start, end);
  }

  buildStraight(start, n) {
    for (let i = 0; i < n; i++) this.buildConnect(start + i, start + i + 1);
    return start + n;
  }

  buildBaseLoop(from) {
    const header = this.buildStraight(from, 1);
    const diamond1 = this.buildDiamond(header);
    const d11 = this.buildStraight(diamond1, 1);
    const diamond2 = this.buildDiamond(d11);
    const footer = this.buildStraight(diamond2, 1);
    this.buildConnect(diamond2, d11);
    this.buildConnect(diamond1, header);
    this.buildConnect(footer, from);
    return this.buildStraight(footer, 1);
  }

  main(dummyLoops, findLoopIterations, parLoops, pparLoops, ppparLoops) {
    this.constructSimpleCFG();
    this.addDummyLoops(dummyLoops);
    this.constructCFG(parLoops, pparLoops, ppparLoops);
    this.findLoops(this.lsg);
    for (let i = 0; i < findLoopIterations; i++) this.findLoops(new LoopStructureGraph());
    this.lsg.calculateNestingLevel();
    return [this.lsg.loopCount(), this.cfg.nodeCount()];
  }

  constructCFG(parLoops, pparLoops, ppparLoops) {
    let n = 2;
    for (let tree = 0; tree < parLoops; tree++) {
      this.cfg.createNode(n + 1);
      this.buildConnect(2, n + 1);
      n += 1;
      for (let i = 0; i < pparLoops; i++) {
        const top = n;
        n = this.buildStraight(n, 1);
        for (let j = 0; j < ppparLoops; j++) n = this.buildBaseLoop(n);
        const bottom = this.buildStraight(n, 1);
        this.buildConnect(n, top);
        n = bottom;
      }
      this.buildConnect(n, 1);
    }
  }

  addDummyLoops(dummyLoops) {
    for (let i = 0; i < dummyLoops; i++) this.findLoops(this.lsg);
  }

  findLoops(lsg) {
    new HavlakLoopFinder(this.cfg, lsg).findLoops();
  }

  constructSimpleCFG() {
    this.cfg.createNode(0);
    this.buildBaseLoop(0);
    this.cfg.createNode(1);
    new BasicBlockEdge(this.cfg, 0, 2);
  }
}

const expectedLoops = new Map([
  [1, 1605],
  [15, 1647],
  [150, 2052],
  [1500, 6102],
  [15000, 46602],
]);

export class Havlak extends Benchmark {
  innerBenchmarkLoop(inner) {
    const [loops, nodes] = new LoopTesterApp().main(inner, 50, 10, 10, 5);
    return loops === expectedLoops.get(inner) && nodes === 5213;
  }
}
