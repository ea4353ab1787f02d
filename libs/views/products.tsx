/** The files of a build that people download. */
import type { BuildProductAnswer } from '#protocol/api/build-product.js';
import { Section, Table } from './parts.js';
import { bytes } from './words.js';

/** Nothing at all where no specification offers any. */
export function Products({ products }: { products: readonly BuildProductAnswer[] }) {
  if (products.length === 0) return null;
  return (
    <Section title="Downloads">
      <Table head={['File', 'Type', 'Size', 'SHA-256']}>
        {products.map(({ type, output, path, file, reason }) => (
          <tr>
            <td>
              {file ? (
                <a href={file.download}>{file.name}</a>
              ) : (
                <>
                  <span class="break">{[output, path].filter(Boolean).join('/')}</span>{' '}
                  <span class="quiet">{reason ?? 'not there yet'}</span>
                </>
              )}
            </td>
            <td>{type}</td>
            <td>{file ? bytes(file.size) : '–'}</td>
            <td>{file ? <code class="break">{file.sha256}</code> : '–'}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
