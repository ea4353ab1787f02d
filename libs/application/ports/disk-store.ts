/**
 * How much room the farm's disks have, as the processes say that write to them. What nobody has
 * said for a while is no longer believed: the process is gone.
 */
import type { DiskLevel } from '#domain/retention/disk-level.js';

export interface Disk {
  /** The process and its host. */
  readonly name: string;
  /** What lies there, for people. */
  readonly place: string;
  readonly level: DiskLevel;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface ShortDisk extends Disk {
  readonly since: Date;
}

/** Every method throws FarmFault `database-unavailable`. */
export interface DiskStore {
  tell(disk: Disk): Promise<void>;
  /** Those that are short now, the shortest first. */
  short(): Promise<readonly ShortDisk[]>;
}
