import { expect, test } from 'vitest';
import { openFileSystems, parseMounts } from './file-systems.ts';

test('mounts are read with their escapes, and known to be elsewhere', () => {
  const lines = [
    '/dev/sda1 / ext4 rw 0 0',
    '/dev/sdb1 /mnt/my\\040disk xfs rw 0 0',
    'nas:/export /mnt/nas nfs4 rw 0 0',
    '//nas/share /mnt/share cifs rw 0 0',
    'me@far: /mnt/far fuse.sshfs rw 0 0',
    'broken',
    '',
  ];
  expect(parseMounts(lines.join('\n'))).toEqual([
    { device: '/dev/sda1', point: '/', type: 'ext4', isRemote: false },
    { device: '/dev/sdb1', point: '/mnt/my disk', type: 'xfs', isRemote: false },
    { device: 'nas:/export', point: '/mnt/nas', type: 'nfs4', isRemote: true },
    { device: '//nas/share', point: '/mnt/share', type: 'cifs', isRemote: true },
    { device: 'me@far:', point: '/mnt/far', type: 'fuse.sshfs', isRemote: true },
  ]);
});

test('who asks for the same place at the same time gets the same answer, and may leave', async () => {
  const fileSystems = openFileSystems();
  const leaving = new AbortController();
  const staying = new AbortController();
  const left = fileSystems.stat('/', leaving.signal);
  const stayed = fileSystems.stat('/', staying.signal);
  leaving.abort(new Error('no more time'));
  await expect(left).rejects.toThrow('no more time');
  expect((await stayed).totalBytes).toBeGreaterThan(0);
  await expect(fileSystems.stat('/absent', staying.signal)).rejects.toThrow('ENOENT');
  await expect(fileSystems.resolve('/', leaving.signal)).rejects.toThrow('no more time');
});
