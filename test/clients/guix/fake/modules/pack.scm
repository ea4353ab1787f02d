;;; `guix pack -d`: a derivation is printed for each format; a manifest of one word is a fault.
(use-modules (ice-9 rdelim) (srfi srfi-1))

(define options (cdr (command-line)))
(define (option name)
  (let ((found (find (lambda (word) (string-prefix? (string-append "--" name "=") word)) options)))
    (and found (substring found (+ 3 (string-length name))))))

(define manifest (call-with-input-file (option "manifest") read-string))
(unless (and (member "--derivation" options) (member "--save-provenance" options))
  (error "what was it told?" options))
(when (string-prefix? "broken" manifest)
  (format (current-error-port) "guix pack: error: ~a: unknown package~%" (option "manifest"))
  (exit 1))
(symlink "/gnu/store/69s18zd520qdxwr5qn0p82qbpp72byxs-demo-app-1.0.drv" (option "root"))
(format #t "/gnu/store/69s18zd520qdxwr5qn0p82qbpp72byxs-demo-app-1.0.drv~%")
