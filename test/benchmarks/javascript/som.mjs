/**
 * The collections of the Simple Object Machine. The rules of are-we-fast-yet
 * ask for them in every language, so that no program is faster for a better
 * library.
 */

const initialSize = 10;
const initialCapacity = 16;

/** Empty places of the storage are undefined. */
export class Vector {
  constructor(size = 0) {
    this.storage = size === 0 ? null : new Array(size);
    this.firstIndex = 0;
    this.lastIndex = 0;
  }

  static with(element) {
    const vector = new Vector(1);
    vector.append(element);
    return vector;
  }

  at(index) {
    if (this.storage === null || index >= this.storage.length) return null;
    return this.storage[index];
  }

  atPut(index, value) {
    if (this.storage === null) {
      this.storage = new Array(Math.max(index + 1, initialSize));
    } else if (index >= this.storage.length) {
      let capacity = this.storage.length;
      while (capacity <= index) capacity *= 2;
      this.growTo(capacity);
    }
    this.storage[index] = value;
    if (this.lastIndex < index + 1) this.lastIndex = index + 1;
  }

  append(element) {
    if (this.storage === null) {
      this.storage = new Array(initialSize);
    } else if (this.lastIndex >= this.storage.length) {
      this.growTo(this.storage.length * 2);
    }
    this.storage[this.lastIndex] = element;
    this.lastIndex += 1;
  }

  growTo(capacity) {
    const old = this.storage;
    const storage = new Array(capacity);
    for (let i = 0; i < old.length; i++) storage[i] = old[i];
    this.storage = storage;
  }

  isEmpty() {
    return this.lastIndex === this.firstIndex;
  }

  size() {
    return this.lastIndex - this.firstIndex;
  }

  capacity() {
    return this.storage === null ? 0 : this.storage.length;
  }

  forEach(action) {
    for (let i = this.firstIndex; i < this.lastIndex; i++) action(this.storage[i]);
  }

  hasSome(test) {
    for (let i = this.firstIndex; i < this.lastIndex; i++) {
      if (test(this.storage[i])) return true;
    }
    return false;
  }

  getOne(test) {
    for (let i = this.firstIndex; i < this.lastIndex; i++) {
      const element = this.storage[i];
      if (test(element)) return element;
    }
    return null;
  }

  removeFirst() {
    if (this.isEmpty()) return null;
    this.firstIndex += 1;
    return this.storage[this.firstIndex - 1];
  }

  remove(object) {
    if (this.storage === null || this.isEmpty()) return false;
    const kept = new Array(this.capacity());
    let last = 0;
    let found = false;
    this.forEach((element) => {
      if (element === object) {
        found = true;
      } else {
        kept[last] = element;
        last += 1;
      }
    });
    this.storage = kept;
    this.lastIndex = last;
    this.firstIndex = 0;
    return found;
  }

  removeAll() {
    this.firstIndex = 0;
    this.lastIndex = 0;
    if (this.storage !== null) this.storage = new Array(this.storage.length);
  }

  /** Sorts by a comparison that answers a negative number, 0 or a positive one. */
  sort(compare) {
    if (this.size() > 0) this.sortRange(this.firstIndex, this.lastIndex - 1, compare);
  }

  sortRange(i, j, compare) {
    const count = j + 1 - i;
    if (count <= 1) return;
    const storage = this.storage;
    let di = storage[i];
    let dj = storage[j];
    if (compare(di, dj) > 0) {
      this.swap(i, j);
      const held = di;
      di = dj;
      dj = held;
    }
    if (count <= 2) return;
    const middle = (i + j) >> 1;
    let dij = storage[middle];
    if (compare(di, dij) <= 0) {
      if (compare(dij, dj) > 0) {
        this.swap(j, middle);
        dij = dj;
      }
    } else {
      this.swap(i, middle);
      dij = di;
    }
    if (count <= 3) return;
    let k = i;
    let l = j - 1;
    while (true) {
      while (k <= l && compare(dij, storage[l]) <= 0) l -= 1;
      k += 1;
      while (k <= l && compare(storage[k], dij) <= 0) k += 1;
      if (k > l) break;
      this.swap(k, l);
    }
    this.sortRange(i, l, compare);
    this.sortRange(k, j, compare);
  }

  swap(i, j) {
    const held = this.storage[i];
    this.storage[i] = this.storage[j];
    this.storage[j] = held;
  }
}

export class SomSet {
  constructor(size = initialSize) {
    this.items = new Vector(size);
  }

  size() {
    return this.items.size();
  }

  forEach(action) {
    this.items.forEach(action);
  }

  hasSome(test) {
    return this.items.hasSome(test);
  }

  getOne(test) {
    return this.items.getOne(test);
  }

  add(object) {
    if (!this.contains(object)) this.items.append(object);
  }

  contains(object) {
    return this.hasSome((element) => element === object);
  }

  collect(fn) {
    const result = new Vector();
    this.forEach((element) => {
      result.append(fn(element));
    });
    return result;
  }

  removeAll() {
    this.items.removeAll();
  }
}

export class SomIdentitySet extends SomSet {
  contains(object) {
    return this.hasSome((element) => element === object);
  }
}

class DictionaryEntry {
  constructor(hash, key, value, next) {
    this.hash = hash;
    this.key = key;
    this.value = value;
    this.next = next;
  }

  match(hash, key) {
    return this.hash === hash && this.key === key;
  }
}

class IdentityDictionaryEntry extends DictionaryEntry {
  match(hash, key) {
    return this.hash === hash && this.key === key;
  }
}

/** Keys answer `customHash()`, for JavaScript has no hash of objects. */
export class Dictionary {
  constructor(size = initialCapacity) {
    this.buckets = new Array(size).fill(null);
    this.count = 0;
  }

  hash(key) {
    if (key === null) return 0;
    const hash = key.customHash();
    return hash ^ (hash >>> 16);
  }

  size() {
    return this.count;
  }

  isEmpty() {
    return this.count === 0;
  }

  bucketIndex(hash) {
    return (this.buckets.length - 1) & hash;
  }

  bucket(hash) {
    return this.buckets[this.bucketIndex(hash)];
  }

  at(key) {
    const hash = this.hash(key);
    let entry = this.bucket(hash);
    while (entry !== null) {
      if (entry.match(hash, key)) return entry.value;
      entry = entry.next;
    }
    return null;
  }

  containsKey(key) {
    const hash = this.hash(key);
    let entry = this.bucket(hash);
    while (entry !== null) {
      if (entry.match(hash, key)) return true;
      entry = entry.next;
    }
    return false;
  }

  atPut(key, value) {
    const hash = this.hash(key);
    const index = this.bucketIndex(hash);
    const current = this.buckets[index];
    if (current === null) {
      this.buckets[index] = this.newEntry(key, value, hash);
      this.count += 1;
    } else {
      this.insertBucketEntry(key, value, hash, current);
    }
    if (this.count > this.buckets.length) this.resize();
  }

  newEntry(key, value, hash) {
    return new DictionaryEntry(hash, key, value, null);
  }

  insertBucketEntry(key, value, hash, head) {
    let current = head;
    while (true) {
      if (current.match(hash, key)) {
        current.value = value;
        return;
      }
      if (current.next === null) {
        this.count += 1;
        current.next = this.newEntry(key, value, hash);
        return;
      }
      current = current.next;
    }
  }

  resize() {
    const old = this.buckets;
    this.buckets = new Array(old.length * 2).fill(null);
    this.transferEntries(old);
  }

  transferEntries(old) {
    for (let i = 0; i < old.length; i++) {
      const current = old[i];
      if (current !== null) {
        old[i] = null;
        if (current.next === null) {
          this.buckets[current.hash & (this.buckets.length - 1)] = current;
        } else {
          this.splitBucket(old, i, current);
        }
      }
    }
  }

  splitBucket(old, i, head) {
    let lowHead = null;
    let lowTail = null;
    let highHead = null;
    let highTail = null;
    let current = head;
    while (current !== null) {
      if ((current.hash & old.length) === 0) {
        if (lowTail === null) lowHead = current;
        else lowTail.next = current;
        lowTail = current;
      } else {
        if (highTail === null) highHead = current;
        else highTail.next = current;
        highTail = current;
      }
      current = current.next;
    }
    if (lowTail !== null) {
      lowTail.next = null;
      this.buckets[i] = lowHead;
    }
    if (highTail !== null) {
      highTail.next = null;
      this.buckets[i + old.length] = highHead;
    }
  }

  removeAll() {
    this.buckets = new Array(this.buckets.length).fill(null);
    this.count = 0;
  }

  getKeys() {
    const keys = new Vector(this.count);
    for (let i = 0; i < this.buckets.length; i++) {
      let current = this.buckets[i];
      while (current !== null) {
        keys.append(current.key);
        current = current.next;
      }
    }
    return keys;
  }

  getValues() {
    const values = new Vector(this.count);
    for (let i = 0; i < this.buckets.length; i++) {
      let current = this.buckets[i];
      while (current !== null) {
        values.append(current.value);
        current = current.next;
      }
    }
    return values;
  }
}

export class IdentityDictionary extends Dictionary {
  newEntry(key, value, hash) {
    return new IdentityDictionaryEntry(hash, key, value, null);
  }
}

/** The suite's own random numbers, the same in every language. */
export class Random {
  constructor() {
    this.seed = 74755;
  }

  next() {
    this.seed = (this.seed * 1309 + 13849) & 65535;
    return this.seed;
  }
}
